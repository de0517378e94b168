import { existsSync } from "node:fs";

import { defineConfig, devices } from "@playwright/test";

/** An installed Chromium; without one Playwright starts its own. */
const chromium = [
  process.env["PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

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
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [{ name: "chromium" }],
});
