import { defineConfig } from "@playwright/test";

import base from "../playwright.config.js";

/** Journeys that take something away from all tenants, or measure how long something takes. */
const ALONE = ["figures", "interruptions", "plans", "quota", "upgrade", "webhook"].map((name) => `**/${name}.spec.ts`);

/**
 * Journeys about what Kamaji writes into a tenant's own API. It does so for one tenant after the other and waits long for each that
 * is silent, so they come before any is.
 */
const FRESH = ["**/workers.spec.ts"];

/** The journeys on the reality cluster. It is started by `cargo xtask reality test`, which also says where it is. */
export default defineConfig({
  ...base,
  testDir: ".",
  // All share one cluster and two cores. Most journeys wait most of the time, each for a tenant of its own, and may do so beside
  // each other; `cargo xtask` runs the projects one after the other.
  fullyParallel: false,
  workers: 2,
  projects: [
    { name: "fresh", testMatch: FRESH, outputDir: "../test-results/reality-fresh", workers: 1 },
    { name: "beside", testIgnore: [...ALONE, ...FRESH], fullyParallel: true, outputDir: "../test-results/reality-beside" },
    { name: "alone", testMatch: ALONE, outputDir: "../test-results/reality-alone", workers: 1 },
  ],
  // A shared machine can starve a real cluster for seconds. CI looks twice before it turns work away, and names what needed it.
  retries: process.env["CI"] === undefined ? 0 : 1,
  reporter: [["list"], ["./report.ts"]],
  timeout: 240_000,
  expect: { timeout: 15_000 },
  use: { ...base.use, actionTimeout: 20_000 },
});
