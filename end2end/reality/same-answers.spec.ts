import { Console, clusterOf } from "../tests/console.js";
import { facts, type Asked, type Came, type Names } from "./answers.js";
import { NAMESPACE, type Cluster } from "./cluster.js";
import { explained, REASONS } from "./differences.js";
import { expect, test } from "./fixtures.js";

const MERGE = "application/merge-patch+json";
const KAMAJI = "/apis/kamaji.clastix.io/v1alpha1";

/** One of the two API servers, with a tenant that runs its installed version and could take a patch and a minor. */
interface Side {
  tenant: string;
  installed: string;
  patch: string;
  older: string;
  ask: (asked: Asked) => Promise<Came>;
}

test("the sandbox answers as the real API server does, but for what cannot matter", async ({ cluster, named }, testInfo) => {
  const name = named("same-answers");
  await cluster.make(name, { withoutApi: true });
  const kubeconfig = testInfo.outputPath("sandbox.kubeconfig");
  const served = await Console.serve(["--sandbox", "--sandbox-clock", "manual", "--scenario", "single", "--sandbox-kubeconfig", kubeconfig]);
  try {
    const url = await clusterOf(kubeconfig);
    await replaceOnePod(url);
    const sandbox: Side = { tenant: "tenant-00", installed: "v1.35.6", patch: "v1.35.7", older: "v1.34.1", ask: (asked) => askSandbox(url, asked) };
    const real: Side = { tenant: name, installed: "v1.28.3", patch: "v1.28.4", older: "v1.27.9", ask: (asked) => askReal(cluster, asked) };
    const [inSandbox, inReality] = [await answers(sandbox), await answers(real)];
    expect([...inSandbox.keys()]).toEqual([...inReality.keys()]);

    const differing: string[] = [];
    for (const [what, answer] of inReality) {
      const other = inSandbox.get(what)!;
      differing.push(...[...answer].filter((fact) => !other.has(fact)).map((fact) => `${what}: only real: ${fact}`));
      differing.push(...[...other].filter((fact) => !answer.has(fact)).map((fact) => `${what}: only sandbox: ${fact}`));
    }
    const counts = explained(differing);
    const table = REASONS.map(({ why }, index) => `${String(counts.by[index]).padStart(6)}  ${why}`);
    console.log([`${inReality.size} requests to each, ${differing.length} differences:`, ...table].join("\n"));
    expect(counts.unexplained, "each difference is one that cannot matter").toEqual([]);
    expect(REASONS.filter((_, index) => counts.by[index] === 0).map(({ why }) => why), "each reason is needed").toEqual([]);
  } finally {
    await served.stop();
  }
});

/** The facts of each answer. Nothing is written: what changes something is a dry run or is refused. */
async function answers(side: Side): Promise<Map<string, Set<string>>> {
  const names: Names = { [side.tenant]: "tenant", [side.installed]: "installed", [side.patch]: "patch", [side.older]: "older" };
  const found = new Map<string, Set<string>>();
  const ask = async (asked: Asked): Promise<Came> => {
    const came = await side.ask(asked);
    found.set(asked.what, facts(came, names));
    return came;
  };
  const get = (what: string, path: string): Promise<Came> => ask({ what, method: "GET", path });
  const tenants = `${KAMAJI}/namespaces/${NAMESPACE}/tenantcontrolplanes`;
  const tenant = `${tenants}/${side.tenant}`;
  const deployment = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${side.tenant}`;
  const patch = (what: string, body: object | string, more: Partial<Asked> = {}): Promise<Came> =>
    ask({ what, method: "PATCH", path: `${tenant}?dryRun=All&fieldManager=comparison`, body, contentType: MERGE, ...more });
  const version = (version: string | null): object => ({ spec: { kubernetes: { version } } });

  // Read, as the console does: lists, lists in pages, single objects. The two worlds hold different things, so each list is one
  // tenant's.
  const own = `labelSelector=kamaji.clastix.io%2Fname%3D${side.tenant}`;
  await get("list tenants", `${tenants}?fieldSelector=metadata.name%3D${side.tenant}&limit=100`);
  await get("list deployments", `/apis/apps/v1/deployments?${own}&limit=100`);
  await get("list replicasets", `/apis/apps/v1/replicasets?${own}&limit=100`);
  await get("list pods", `/api/v1/pods?${own}&limit=100`);
  await get("list nodes", "/api/v1/nodes?limit=100");
  await get("list namespaces", "/api/v1/namespaces?limit=100");
  await get("list events", `/api/v1/namespaces/${NAMESPACE}/events?fieldSelector=reason%3DSuccessfulCreate%2CinvolvedObject.kind%3DReplicaSet`);
  await get("list resourcequotas", `/api/v1/namespaces/${NAMESPACE}/resourcequotas?limit=100`);
  await get("list limitranges", `/api/v1/namespaces/${NAMESPACE}/limitranges?limit=100`);
  const page = await get("the first page", "/api/v1/nodes?limit=1");
  const token = (JSON.parse(page.text) as { metadata: { continue: string } }).metadata.continue;
  await get("the next page", `/api/v1/nodes?limit=1&continue=${encodeURIComponent(token)}`);
  await get("a page of nothing known", "/api/v1/nodes?limit=1&continue=nonsense");
  await get("a limit that is no number", "/api/v1/nodes?limit=some");
  await get("one tenant", tenant);
  await get("one deployment", deployment);
  await get("by a field", "/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1");
  await get("by a field that cannot be selected", "/api/v1/nodes?fieldSelector=spec.none%3D1");
  await get("by labels that cannot be read", "/api/v1/pods?labelSelector=a%20in%20b");
  await get("in a namespace that is not there", "/api/v1/namespaces/nowhere/pods");

  // Not there.
  await get("a tenant that is not there", `${tenants}/nobody`);
  await get("a deployment that is not there", `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/nobody`);
  await get("a kind that is not there", `${KAMAJI}/nothings`);
  await get("a core kind that is not there", "/api/v1/nothings");
  await get("a version that is not there", "/apis/kamaji.clastix.io/v9/tenantcontrolplanes");
  await get("a group that is not there", "/apis/nothing.example.com/v1/tenantcontrolplanes");
  await patch("a patch of a tenant that is not there", version(side.patch), { path: `${tenants}/nobody?dryRun=All` });
  await ask({ what: "a method that is not there", method: "POST", path: tenant, body: {} });

  // Watched.
  const only = `fieldSelector=metadata.name%3D${side.tenant}`;
  const at = (JSON.parse((await get("list to watch from", `${tenants}?${only}`)).text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
  await get("a watch of what is", `${tenants}?watch=true&resourceVersion=0&timeoutSeconds=1&${only}`);
  await get("a quiet watch", `${tenants}?watch=true&resourceVersion=${at}&timeoutSeconds=1&fieldSelector=metadata.name%3Dnobody`);
  await get("a watch from no version", `${tenants}?watch=true&resourceVersion=nonsense&timeoutSeconds=1`);

  // Tried and refused.
  const { uid } = (JSON.parse((await get("the tenant again", tenant)).text) as { metadata: { uid: string } }).metadata;
  await patch("a strategy", { spec: { controlPlane: { deployment: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } } } } });
  await patch("a patch", version(side.patch));
  await patch("the same version", version(side.installed));
  await patch("an impossible version", version("v1.999.0"));
  await patch("an older minor", version(side.older));
  await patch("no version at all", version(""));
  await patch("a version that is none", version("banana"));
  await patch("a version in two parts", version("v1.28"));
  await patch("a version that is taken away", version(null));
  await patch("a version that is a number", { spec: { kubernetes: { version: 7 } } });
  await patch("replicas that are words", { spec: { controlPlane: { deployment: { replicas: "three" } } } });
  await patch("an old resourceVersion", { metadata: { resourceVersion: "1" }, ...version(side.patch) });
  await patch("another object's uid", { metadata: { uid: uid.replaceAll(/[0-9a-f]/g, "0") }, ...version(side.patch) });
  await ask({
    what: "a replacement with another uid",
    method: "PUT",
    path: `${deployment}?dryRun=All`,
    body: { ...(JSON.parse((await get("the deployment again", deployment)).text) as object), metadata: strangeMetadata(side.tenant) },
  });
  await patch("another name", { metadata: { name: "other" } });
  await patch("half an object", '{"spec":');
  await patch("a list", "[]");
  await patch("a text", '"text"');
  await patch("a patch in an unknown form", version(side.patch), { contentType: "text/plain" });
  await patch("half a dry run", version(side.patch), { path: `${tenant}?dryRun=Some` });
  await patch("a status by its own path", { status: { kubeadmconfig: { checksum: "none" } } }, { path: `${tenant}/status?dryRun=All` });

  // Who asks.
  const access = (verb: string): object => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { verb, group: "kamaji.clastix.io", resource: "tenantcontrolplanes", namespace: NAMESPACE } },
  });
  const who = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const [may, am] = ["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/authentication.k8s.io/v1/selfsubjectreviews"];
  await ask({ what: "may an administrator patch", method: "POST", path: may, body: access("patch") });
  await ask({ what: "may a stranger patch", method: "POST", path: may, body: access("patch"), as: "stranger" });
  await ask({ what: "who is a stranger", method: "POST", path: am, body: who, as: "stranger" });
  await ask({ what: "a stranger lists tenants", method: "GET", path: `${KAMAJI}/tenantcontrolplanes`, as: "stranger" });
  await ask({ what: "a stranger lists pods here", method: "GET", path: `/api/v1/namespaces/${NAMESPACE}/pods`, as: "stranger" });
  await ask({ what: "a stranger watches nodes", method: "GET", path: "/api/v1/nodes?watch=true", as: "stranger" });
  await ask({ what: "a stranger reads a tenant", method: "GET", path: tenant, as: "stranger" });
  await patch("a stranger patches", version(side.patch), { as: "stranger" });
  return found;
}

/** Metadata of another object of the same name. */
function strangeMetadata(name: string): object {
  return { name, namespace: NAMESPACE, uid: "00000000-0000-0000-0000-000000000000" };
}

/** The sandbox begins without events; a ReplicaSet that replaces a pod makes one. */
async function replaceOnePod(url: string): Promise<void> {
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const { items } = JSON.parse((await askSandbox(url, { what: "", method: "GET", path: pods })).text) as { items: { metadata: { name: string } }[] };
  await askSandbox(url, { what: "", method: "DELETE", path: `${pods}/${items[0]!.metadata.name}` });
  const clock = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ advanceSeconds: 120 }) };
  await fetch(`${url}/sandbox/clock`, clock);
}

async function askReal(cluster: Cluster, { method, path, body, contentType, as }: Asked): Promise<Came> {
  const answer = await cluster.open(method, path, body, contentType, as === undefined ? {} : { "Impersonate-User": as });
  const parts: Buffer[] = [];
  for await (const part of answer) {
    parts.push(part as Buffer);
  }
  return { status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", text: Buffer.concat(parts).toString("utf8") };
}

async function askSandbox(url: string, { method, path, body, contentType = "application/json", as }: Asked): Promise<Came> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": contentType }),
      ...(as === undefined ? { "Impersonate-User": "platform-admin", "Impersonate-Group": "platform-admins" } : { "Impersonate-User": as }),
    },
    ...(body === undefined ? {} : { body: typeof body === "object" ? JSON.stringify(body) : body }),
  });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
}
