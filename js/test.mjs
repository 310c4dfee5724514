// Bundles each src/**/*.test.ts and runs it with Node's test runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = mkdtempSync(join(tmpdir(), "nbtrack-js-"));
try {
  const built = await esbuild.build({
    entryPoints: readdirSync(join(here, "src"), { recursive: true })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => join(here, "src", file)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    metafile: true,
  });
  const files = Object.keys(built.metafile.outputs);
  const run = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
