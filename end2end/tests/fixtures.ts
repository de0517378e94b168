import { AxeBuilder } from "@axe-core/playwright";
import {
  expect,
  test as base,
  type Browser,
  type BrowserContextOptions,
  type Page,
  type TestInfo,
} from "@playwright/test";

import { clusterOf, Console } from "./console.js";
import { Sandbox } from "./sandbox.js";

export { expect };
export type { Page };

/** Everything that must not happen on any page. */
export class Complaints {
  private readonly found: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Lets what matches pass: for journeys that provoke a failed request on purpose. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  async watch(page: Page, javaScriptEnabled = true): Promise<void> {
    if (!javaScriptEnabled) {
      // Such a browser fetches the scripts all the same, and says that nobody used them.
      this.expect(/was preloaded using link preload but not used/);
    }
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        this.found.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.found.push(`page error: ${error.message}`));
    await page.exposeFunction("reportPolicyViolation", (text: string) => this.found.push(`content policy: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const report = (window as unknown as { reportPolicyViolation: (text: string) => void }).reportPolicyViolation;
        report(`${event.effectiveDirective} blocked ${event.blockedURI || "inline"} ${event.sample}`);
      });
    });
  }

  unexpected(): string[] {
    return this.found.filter((text) => !this.expected.some((pattern) => pattern.test(text)));
  }
}

/** Opens a page and waits until its WebAssembly has taken over; without JavaScript until it is loaded. */
export type Open = (path: string) => Promise<void>;

/** Expects that axe finds nothing on the page as it is now. */
export type Accessible = (page?: Page) => Promise<void>;

/** A page in a browser of its own: another person, or the same without scripts. */
export type Visitor = (options?: BrowserContextOptions) => Promise<Page>;

interface Options {
  /** The world that the sandbox starts with. */
  scenario: string;
}

interface Fixtures {
  console: Console;
  sandbox: Sandbox;
  complaints: Complaints;
  visitor: Visitor;
  open: Open;
  accessible: Accessible;
}

/** Each journey has a console and a sandbox of its own, so none can disturb another. */
export const test = base.extend<Fixtures & Options>({
  scenario: ["default", { option: true }],

  console: async ({ scenario }, use, testInfo) => {
    const console = await Console.serve([
      ...["--sandbox", "--sandbox-clock", "manual", "--seed", "1", "--scenario", scenario],
      ...["--sandbox-kubeconfig", testInfo.outputPath("kubeconfig")],
    ]);
    await use(console);
    await console.stop();
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("console.log", { body: console.lines, contentType: "text/plain" });
    }
  },

  baseURL: async ({ console }, use) => use(console.url),

  sandbox: [
    async ({ console: _, playwright }, use, testInfo) => {
      const request = await playwright.request.newContext();
      const sandbox = new Sandbox(request, await clusterOf(testInfo.outputPath("kubeconfig")));
      await sandbox.observed();
      await use(sandbox);
      await request.dispose();
    },
    { auto: true },
  ],

  complaints: [
    async ({ page, javaScriptEnabled }, use) => {
      const complaints = new Complaints();
      await complaints.watch(page, javaScriptEnabled);
      await use(complaints);
      expect(complaints.unexpected(), "nothing is wrong in the console, the scripts and the content policy").toEqual([]);
    },
    { auto: true },
  ],

  visitor: async ({ browser, baseURL, complaints }, use) => {
    const contexts: Awaited<ReturnType<Browser["newContext"]>>[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }), ...options });
      contexts.push(context);
      const page = await context.newPage();
      await complaints.watch(page, options.javaScriptEnabled);
      return page;
    });
    for (const context of contexts) {
      await context.close();
    }
  },

  open: async ({ page, javaScriptEnabled }, use) => {
    await use(async (path) => {
      await page.goto(path);
      if (javaScriptEnabled !== false) {
        await hydrated(page);
      }
    });
  },

  accessible: async ({ page }, use, testInfo) => {
    await use((other) => expectAccessible(other ?? page, testInfo));
  },
});

/** A page looks ready before its WebAssembly runs, and Playwright is quicker than that. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "true");
}

/** Waits until the page follows its stream: what happens from now on is seen. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator(".live-line")).toHaveText(/^live, /);
}

/** Becomes another person of the sandbox. */
export async function lookAs(page: Page, person: "platform-admin" | "owner@team-a"): Promise<void> {
  await page.getByLabel("Look as").selectOption(person);
  await page.getByRole("button", { name: "Switch" }).click();
  await expect(page.getByRole("banner")).toContainText(`${person}, sees`);
}

/** Expects that the page fits its window: only parts of it may scroll sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const width = await page.evaluate(() => {
    const widest = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((element) => `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`);
    return { page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth, widest: widest.slice(0, 8) };
  });
  expect(width.page, `the page is wider than its window: ${width.widest.join(", ")}`).toBeLessThanOrEqual(width.window);
}

async function expectAccessible(page: Page, testInfo: TestInfo): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  // Colours fade into each other when the scheme changes; in between, contrast means nothing.
  await page.evaluate(async () => {
    const fading = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(fading.map((animation) => animation.finished));
  });
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  if (violations.length > 0) {
    await testInfo.attach("axe.json", { body: JSON.stringify(violations, null, 2), contentType: "application/json" });
  }
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`).join("; ")})`,
  );
  expect(found, "axe finds nothing").toEqual([]);
}
