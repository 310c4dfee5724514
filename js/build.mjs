// Builds what the Python package carries: one ES module and one stylesheet per
// widget for anywidget, and the JupyterLab extension as a federated module.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { existsSync, readdirSync, rmSync } from "node:fs";
import * as esbuild from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// A folder of src is a widget, but for what they share, the extension, and Vega, which
// charts load for themselves.
const names = readdirSync(here("src")).filter(
  (name) => name !== "labextension" && existsSync(here(`src/${name}/index.ts`)),
);

const widgets = {
  entryPoints: Object.fromEntries(names.map((name) => [name, here(`src/${name}/index.ts`)])),
  outdir: here("../src/nbtrack/widgets/static"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

const labextension = {
  entryPoints: { labextension: here("src/labextension/index.ts") },
  outdir: here("build"),
  bundle: true,
  format: "esm",
  target: "es2022",
  external: ["@jupyterlab/*"],
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...widgets, logLevel: "info" });
  await context.watch();
} else {
  rmSync(widgets.outdir, { recursive: true, force: true });
  await esbuild.build(widgets);
  await esbuild.build(labextension);
  federate();
}

// The versions of JupyterLab's shared packages come from its core metadata, so
// that none of them has to be installed here.
function federate() {
  const built = spawnSync(
    process.execPath,
    [
      here("node_modules/@jupyter/builder/lib/build-labextension.js"),
      "--core-package-file",
      here("node_modules/@jupyterlab/core-meta/core.package.json"),
      here("."),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  if (built.status !== 0) process.exit(built.status ?? 1);
}
