import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { defineConfig, devices } from "@playwright/test";

/** The console under test, and its sandbox's Kubernetes API with the control endpoint. */
export const CONSOLE = "http://127.0.0.1:3100";
export const SANDBOX = "http://127.0.0.1:3101";

const binary = process.env["CONSOLE_BINARY"] ?? fileURLToPath(new URL("../target/debug/console", import.meta.url));

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
  // One sandbox serves all journeys, and each resets it. A journey that passes at the second try is a fault.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    baseURL: CONSOLE,
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
  webServer: {
    command: `"${binary}" serve --sandbox --sandbox-clock manual --seed 1 --sandbox-port ${new URL(SANDBOX).port} --listen ${new URL(CONSOLE).host}`,
    url: `${CONSOLE}/readyz`,
    reuseExistingServer: false,
    timeout: 30_000,
    stdout: "ignore",
    stderr: "pipe",
    env: { CONSOLE_LOG: "warn" },
    gracefulShutdown: { signal: "SIGTERM", timeout: 8_000 },
  },
});
