/**
 * A page of html that somebody kept, in a frame of its own.
 *
 * The frame's empty sandbox is what holds it: no script, no form, no way up, an origin of
 * its own. Its policy lets nothing be fetched, and links lead nowhere: a click would take
 * the frame to another site.
 */

import { el } from "../base/dom.ts";

const POLICY =
  "default-src 'none'; img-src data:; media-src data:; font-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

export function framed(source: string, title: string): HTMLIFrameElement {
  return el("iframe", {
    class: "nbt-files-frame",
    title,
    attributes: { sandbox: "", referrerpolicy: "no-referrer", srcdoc: harmless(source), "aria-label": title },
  });
}

function harmless(source: string): string {
  // What is parsed so has no window: it runs nothing and fetches nothing.
  const page = new DOMParser().parseFromString(source, "text/html");
  // A template may become part of the page when the frame parses it, and is not looked into here.
  for (const element of page.querySelectorAll("base, script, template, meta[http-equiv], link, iframe, frame, object, embed")) {
    element.remove();
  }
  for (const element of page.querySelectorAll("*")) {
    for (const name of ["href", "xlink:href", "action", "formaction", "ping", "target"]) {
      const address = element.getAttribute(name);
      const isInside = address?.startsWith("#") || (element.localName === "image" && address?.startsWith("data:image/"));
      if (address !== null && !isInside) element.removeAttribute(name);
    }
  }
  const policy = page.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = POLICY;
  page.head.prepend(policy);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}
