/** The registry of models, as a widget. */

import { mount } from "../base/mount.ts";
import { build } from "./build.ts";

export default { render: mount(build) };
