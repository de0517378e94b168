import { AxeBuilder } from "@axe-core/playwright";
import { expect, test as base, type APIRequestContext, type Page, type TestInfo } from "@playwright/test";

import { SANDBOX } from "../playwright.config.js";

export { expect };

/** Lasting disturbances of the sandbox's Kubernetes API, and two that happen once. */
export interface Faults {
  hang?: boolean;
  delayMs?: number;
  status?: number;
  deny?: string[];
  conflictOnce?: boolean;
  webhookDown?: boolean;
  dropWatches?: boolean;
  expireWatches?: boolean;
}

/** The control door of the sandbox. Its time stands still until a journey moves it, so no journey waits for time. */
export class Sandbox {
  constructor(private readonly request: APIRequestContext) {}

  /** Another world, at its beginning. */
  async scenario(name: string): Promise<void> {
    await this.post(`scenario/${name}`, {});
  }

  /** Lets this much time pass. */
  async advance(seconds: number): Promise<void> {
    await this.post("clock", { advanceSeconds: seconds });
  }

  /** Replaces all disturbances; without any the API is as it should be. */
  async faults(faults: Faults = {}): Promise<void> {
    await this.post("faults", faults);
  }

  /** How the pods and the API server of a tenant behave from now on. */
  async behaviour(namespace: string, name: string, behaviour: Record<string, unknown>): Promise<void> {
    await this.post(`tenants/${namespace}/${name}`, behaviour);
  }

  private async post(what: string, data: object): Promise<void> {
    const response = await this.request.post(`${SANDBOX}/sandbox/${what}`, { data });
    expect(response.ok(), `sandbox ${what}: ${response.status()} ${await response.text()}`).toBeTruthy();
  }
}

/** Everything that must not happen on any page. */
class Complaints {
  private readonly found: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Lets what matches pass: for journeys that provoke a failed request on purpose. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  async watch(page: Page): Promise<void> {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        this.add(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.add(`page error: ${error.message}`));
    await page.exposeFunction("reportPolicyViolation", (text: string) => this.add(`content policy: ${text}`));
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

  private add(text: string): void {
    this.found.push(text);
  }
}

/** Opens a page and waits until its WebAssembly has taken over; without JavaScript until it is loaded. */
export type Open = (path: string) => Promise<void>;

/** Expects that axe finds nothing on the page as it is now. */
export type Accessible = () => Promise<void>;

interface Fixtures {
  complaints: Complaints;
  sandbox: Sandbox;
  open: Open;
  accessible: Accessible;
}

export const test = base.extend<Fixtures>({
  complaints: [
    async ({ page, javaScriptEnabled }, use) => {
      const complaints = new Complaints();
      if (javaScriptEnabled !== false) {
        await complaints.watch(page);
      }
      await use(complaints);
      expect(complaints.unexpected(), "nothing is wrong in the console, the scripts and the content policy").toEqual([]);
    },
    { auto: true },
  ],

  sandbox: [
    async ({ request }, use) => {
      const sandbox = new Sandbox(request);
      await sandbox.faults();
      await sandbox.scenario("default");
      await use(sandbox);
      await sandbox.faults();
    },
    { auto: true },
  ],

  open: async ({ page, javaScriptEnabled }, use) => {
    await use(async (path) => {
      await page.goto(path);
      if (javaScriptEnabled !== false) {
        await hydrated(page);
      }
    });
  },

  accessible: async ({ page }, use, testInfo) => {
    await use(() => expectAccessible(page, testInfo));
  },
});

/** A page looks ready before its WebAssembly runs, and Playwright is quicker than that. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "true");
}

async function expectAccessible(page: Page, testInfo: TestInfo): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  if (violations.length > 0) {
    await testInfo.attach("axe.json", { body: JSON.stringify(violations, null, 2), contentType: "application/json" });
  }
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target.join(" ")).join("; ")})`);
  expect(found, "axe finds nothing").toEqual([]);
}
