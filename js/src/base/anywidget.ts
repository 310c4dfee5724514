/** The part of anywidget's interface that is used here. */

export interface AnyModel {
  get<Value>(name: string): Value;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
  widget_manager: { get_model(id: string): Promise<Pick<AnyModel, "get">> };
}

export interface RenderContext {
  model: AnyModel;
  el: HTMLElement;
}
