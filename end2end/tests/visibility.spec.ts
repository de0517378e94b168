import { expect, live, lookAs, test } from "./fixtures.js";

const OTHERS = ["warehouse", "analytics", "reporting", "team-b"];

test("a tenant of another owner answers exactly as one that does not exist", async ({ page, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 404/);
  const pages: string[] = [];
  for (const path of ["/tenants/team-b/warehouse", "/tenants/team-a/nobody"]) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("No such tenant");
    await expect(page.getByText("A deleted tenant is not shown either.")).toBeVisible();
    const named = path.slice("/tenants/".length);
    pages.push((await page.getByRole("main").innerText()).replaceAll(named, "…"));
  }
  expect(pages[0]).toBe(pages[1]);
});

test("no page, stream or server function names a tenant of another owner", async ({ page, open, context, baseURL }) => {
  const bodies: string[] = [];
  page.on("response", (response) => {
    if (!response.url().includes("/live/") && !response.url().includes("/pkg/")) {
      response.text().then((text) => bodies.push(text), () => undefined);
    }
  });
  for (const path of ["/", "/?q=team", "/?show=trouble", "/?sort=status", "/tenants/team-a/tenant-00", "/lab"]) {
    await open(path);
    bodies.push(await page.content());
  }
  await open("/");
  const stream = await page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const source = new EventSource("/live/fleet");
        source.addEventListener("snapshot", (event) => {
          source.close();
          resolve((event as MessageEvent<string>).data);
        });
        source.onerror = () => reject(new Error("no stream"));
      }),
  );
  expect(stream).toContain("tenant-00");
  bodies.push(stream);
  const headers = { Origin: baseURL ?? "", "Sec-Fetch-Site": "same-origin" };
  for (const body of ["query[q]=", "query[q]=ware", "query[show]=moving"]) {
    const answer = await context.request.post("/api/fleet", {
      headers: { ...headers, "Content-Type": "application/x-www-form-urlencoded" },
      data: body,
    });
    expect(answer.status()).toBe(200);
    bodies.push(await answer.text());
  }
  for (const name of OTHERS) {
    expect(bodies.filter((body) => body.includes(name)), `${name} is named nowhere`).toEqual([]);
  }
});

test("stream and server functions of another owner's tenant answer as for one that does not exist", async ({ context, baseURL, sandbox }) => {
  const headers = { Origin: baseURL ?? "", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded" };
  const answers = async (namespace: string, name: string) => {
    const of = `namespace=${namespace}&name=${name}`;
    const forms = [
      ["tenant", of],
      ["check_start", `${of}&version=v1.36.4&strategy=`],
      ["make_plan", `${of}&version=v1.36.4&strategy=`],
      ["start_hop", `${of}&version=v1.36.4&strategy=&binding=%7B%7D&kubelets_checked=yes&typed_name=${name}`],
      ["restore_strategy", `${of}&binding=%7B%7D`],
      ["workers", of],
      ["drain_report", `${of}&node=worker-1`],
      ["cluster_api", `${of}&to=v1.36.4`],
    ];
    const stream = await context.request.get(`/live/tenants/${namespace}/${name}`);
    const found = [[stream.status(), await stream.text()]];
    const withWorkers = await context.request.get(`/live/tenants/${namespace}/${name}?workers`);
    found.push([withWorkers.status(), await withWorkers.text()]);
    const files = ["plan.md?version=v1.36.4", "plan.json?version=v1.36.4"];
    const runbooks = ["sh", "md", "json"].map((form) => `workers/worker-1/runbook.${form}`);
    for (const file of [...files, ...runbooks]) {
      const answer = await context.request.get(`/tenants/${namespace}/${name}/${file}`);
      found.push([answer.status(), (await answer.text()).replaceAll(`${namespace}/${name}`, "…")]);
    }
    for (const [path, data] of forms) {
      const answer = await context.request.post(`/api/${path}`, { headers, data: data ?? "" });
      found.push([answer.status(), (await answer.text()).replaceAll(`${namespace}/${name}`, "…")]);
    }
    return found;
  };
  expect(await answers("team-b", "warehouse")).toEqual(await answers("team-b", "nobody"));
  expect(await sandbox.written()).toEqual([]);
});

test("the platform team sees every tenant", async ({ page, open }) => {
  await open("/");
  await expect(page.getByRole("link", { name: "warehouse", exact: true })).toHaveCount(0);
  await lookAs(page, "platform-admin");
  await expect(page.getByRole("link", { name: "warehouse", exact: true })).toBeVisible();
  await lookAs(page, "owner@team-a");
  await expect(page.getByRole("link", { name: "warehouse", exact: true })).toHaveCount(0);
});

test("a tenant that is deleted while its page is open is said to be gone", async ({ page, open, sandbox }) => {
  await open("/tenants/team-a/tenant-00/rollout");
  await live(page);
  await sandbox.remove("team-a/tenant-00");
  await expect(page.getByRole("alert")).toContainText("This tenant is no longer there");
  await expect(page.locator(".live-line")).toHaveText(/^no longer there; last seen/);
  await expect(page.getByRole("heading", { level: 1, name: "tenant-00" }), "what was last seen stays").toBeVisible();
  await page.getByRole("link", { name: "Back to the fleet" }).click();
  await expect(page.getByRole("link", { name: "checkout", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "tenant-00", exact: true })).toHaveCount(0);
});

test("search, filter and order stand in the address", async ({ page, open, visitor }) => {
  await open("/");
  await page.getByRole("searchbox", { name: "Search" }).fill("v1.35.6");
  await page.getByRole("link", { name: "Support", exact: true }).click();
  await expect(page).toHaveURL("/?q=v1.35.6&sort=support");
  const names = await page.getByRole("rowheader").allInnerTexts();
  const other = await visitor({ javaScriptEnabled: false });
  await other.goto(page.url());
  expect(await other.getByRole("rowheader").allInnerTexts()).toEqual(names);
  await page.getByRole("searchbox", { name: "Search" }).fill("nothing-like-this");
  await expect(page.getByText("No tenant matches “nothing-like-this” with this filter.")).toBeVisible();
  await page.getByRole("link", { name: /^Show all/ }).click();
  await expect(page.getByRole("link", { name: "tenant-00", exact: true })).toBeVisible();
});

test("the fleet follows what happens by itself", async ({ page, open, sandbox }) => {
  await open("/?q=tenant-00");
  await live(page);
  await sandbox.change("team-a/tenant-00", { spec: { kubernetes: { version: "v1.36.4" } } });
  const row = page.getByRole("row").filter({ hasText: "tenant-00" });
  await expect(row).toContainText("v1.36.4 is accepted");
  await sandbox.advance(10);
  await expect(row).toContainText("Upgrading");
  await sandbox.advanceUntil("finished", () => sandbox.finished("team-a/tenant-00", "v1.36.4"));
  await expect(row).toContainText("newest already");
});
