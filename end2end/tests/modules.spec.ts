import { expect, test } from "./fixtures.js";

for (const path of ["/", "/tenants/team-a/tenant-00/start"]) {
  test(`the page at ${path} names at once every module that it will load`, async ({ page, open }) => {
    const loaded = new Set<string>();
    page.on("request", (request) => {
      const asked = new URL(request.url()).pathname;
      if (asked.endsWith(".wasm")) {
        loaded.add(asked);
      }
    });
    await open(path);
    const html = await (await page.request.get(path)).text();
    const named = new Set(html.match(/\/pkg\/[^"]+\.wasm/g));
    expect(named.size).toBeGreaterThan(1);
    expect([...loaded].sort()).toEqual([...named].sort());
  });
}
