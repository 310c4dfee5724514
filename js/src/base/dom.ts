/** Elements from plain values. Text becomes `textContent`; nothing here parses html. */

type Child = Node | string | null | undefined;

interface Properties {
  class?: string;
  text?: string;
  title?: string;
  /** Attributes by name; `undefined` leaves one out. */
  attributes?: Record<string, string | number | boolean | undefined>;
  style?: Partial<CSSStyleDeclaration>;
}

const SVG = "http://www.w3.org/2000/svg";

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (properties.class) element.className = properties.class;
  if (properties.text !== undefined) element.textContent = properties.text;
  if (properties.title) element.title = properties.title;
  if (properties.style) Object.assign(element.style, properties.style);
  setAttributes(element, properties.attributes ?? {});
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number | boolean | undefined> = {},
  ...children: SVGElement[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function button(
  label: string,
  properties: Properties,
  onClick: (event: MouseEvent) => void,
): HTMLButtonElement {
  const made = el("button", { text: label, ...properties });
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

function setAttributes(
  element: Element,
  attributes: Record<string, string | number | boolean | undefined>,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
}
