import { defineConfig, devices } from "@playwright/test";

import { launchOptions } from "./chromium.mjs";

export default defineConfig({
  testDir: "./tests",
  forbidOnly: !!process.env["CI"],
  // Each journey starts a console and a sandbox of its own, so they may run side by side. A journey that passes at the second
  // try is a fault.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions,
  },
  projects: [{ name: "chromium" }],
});
