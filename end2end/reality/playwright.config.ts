import { defineConfig } from "@playwright/test";

import base from "../playwright.config.js";

/** The journeys on the reality cluster. It is started by `cargo xtask reality test`, which also says where it is. */
export default defineConfig({
  ...base,
  testDir: ".",
  // All share one cluster and two cores, and some measure how long something takes.
  fullyParallel: false,
  workers: 1,
  // A shared machine can starve a real cluster for seconds. CI looks twice before it turns work away, and names what needed it.
  retries: process.env["CI"] === undefined ? 0 : 1,
  reporter: [["list"], ["./report.ts"]],
  timeout: 240_000,
  expect: { timeout: 15_000 },
  use: { ...base.use, actionTimeout: 20_000 },
});
