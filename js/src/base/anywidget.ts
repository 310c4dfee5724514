/** The part of anywidget's interface that is used here. */

export interface AnyModel {
  get<Value>(name: string): Value;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
  /** Where the page keeps the models of other widgets; not every host has one. */
  widget_manager?: {
    get_model(id: string): Promise<AnyModel>;
    /** Another widget's view, which is to be put somewhere, and removed. */
    create_view?(model: AnyModel): Promise<WidgetView>;
  };
}

export interface WidgetView {
  el: HTMLElement;
  remove(): void;
}

export interface RenderContext {
  model: AnyModel;
  el: HTMLElement;
}
