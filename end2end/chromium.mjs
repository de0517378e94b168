// @ts-check
import { existsSync } from "node:fs";

/** An installed Chromium; without one Playwright starts its own. */
const executablePath = [
  process.env["PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

/** How journeys and benchmarks start Chromium. */
export const launchOptions = {
  ...(executablePath === undefined ? {} : { executablePath }),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
