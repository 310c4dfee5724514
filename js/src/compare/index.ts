/** Runs side by side, as a widget of their own. */

import { mount } from "../base/mount.ts";
import { build } from "./build.ts";

export default { render: mount(build) };
