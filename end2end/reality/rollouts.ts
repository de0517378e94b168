import type { Locator, Page } from "@playwright/test";

import { live } from "../tests/fixtures.js";
import { chooseStrategy, rolloutSentence, startButton } from "../tests/pages.js";
import { NAMESPACE, type Cluster } from "./cluster.js";
import { expect, type Open } from "./fixtures.js";

/** Starts a patch on the start page, by Blue/Green unless another strategy is given, and follows it. */
export async function start(page: Page, open: Open, name: string, version: string, strategy = "100%/0"): Promise<void> {
  await open(`/tenants/${NAMESPACE}/${name}/start?version=${version}`);
  await chooseStrategy(page, strategy);
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await live(page);
}

/** Waits until a hop is finished, and expects that the page which followed it says so by itself. */
export async function finishes(page: Page, cluster: Cluster, name: string, version: string, stuck: Locator): Promise<void> {
  await cluster.until("the hop is finished", () => cluster.finished(name, version), 150_000);
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await expect(rolloutSentence(page)).toHaveText(`${version} is installed and serves, and no older pod is left.`);
  await expect(stuck).toHaveCount(0);
}
