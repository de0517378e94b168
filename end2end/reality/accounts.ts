import { readFile } from "node:fs/promises";

import type { Cluster } from "./cluster.js";

/** Where the consoles' ServiceAccounts are; the API server notes what they ask for. */
export const HOME = "upgrade-console";

/** One right of a role. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** In which namespaces a role counts: in one, or in all. */
export type Scope = { namespace: string } | "cluster";

const RIGHTS = "/apis/rbac.authorization.k8s.io/v1";
const APPLY = "application/apply-patch+yaml";

/** The roles that the console is deployed with. */
const ROLES = new URL("../../deploy/rbac.yaml", import.meta.url);

/** The account that has exactly the rights of `deploy/rbac.yaml`. */
const DEPLOYED = "console";

/** The user name of an account. */
export function userOf(account: string): string {
  return `system:serviceaccount:${HOME}:${account}`;
}

/** Applies `deploy/rbac.yaml` as it stands, gives both roles to one account, and gives a kubeconfig for it. */
export async function deployed(cluster: Cluster): Promise<string> {
  for (const role of await deployedRoles(cluster)) {
    await bind(cluster, DEPLOYED, "cluster", { kind: "ClusterRole", name: role.name });
    await counts(cluster, DEPLOYED, "cluster", role.rules);
  }
  return cluster.kubeconfigFor(DEPLOYED, await tokenOf(cluster, DEPLOYED));
}

/** The roles of `deploy/rbac.yaml`, applied, and their rules as the API server reads them. */
export async function deployedRoles(cluster: Cluster): Promise<{ name: string; rules: Rule[] }[]> {
  const documents = (await readFile(ROLES, "utf8")).split(/^---$/m);
  return Promise.all(
    documents.map(async (document) => {
      const name = /^ {2}name: (\S+)$/m.exec(document)?.[1];
      if (name === undefined) {
        throw new Error(`a document of deploy/rbac.yaml has no name:\n${document}`);
      }
      const role = await apply<{ rules: Rule[] }>(cluster, `${RIGHTS}/clusterroles/${name}`, document);
      return { name, rules: role.rules };
    }),
  );
}

/** A kubeconfig for an account with these rights, and no others. */
export async function accountWith(cluster: Cluster, account: string, where: Scope, rules: Rule[]): Promise<string> {
  const kind = where === "cluster" ? "ClusterRole" : "Role";
  await apply(cluster, `${rightsIn(where)}${kind.toLowerCase()}s/${account}`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    metadata: { name: account },
    rules,
  });
  await bind(cluster, account, where, { kind, name: account });
  await counts(cluster, account, where, rules);
  return cluster.kubeconfigFor(account, await tokenOf(cluster, account));
}

async function bind(cluster: Cluster, account: string, where: Scope, role: { kind: string; name: string }): Promise<void> {
  const kind = where === "cluster" ? "ClusterRoleBinding" : "RoleBinding";
  const name = `${account}-${role.name}`;
  await apply(cluster, `${rightsIn(where)}${kind.toLowerCase()}s/${name}`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", ...role },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: HOME }],
  });
}

/** Waits until the API server goes by these rules: it hears of them a moment after they are stored. */
async function counts(cluster: Cluster, account: string, where: Scope, rules: Rule[]): Promise<void> {
  const namespace = where === "cluster" ? "" : where.namespace;
  for (const { apiGroups, resources, verbs } of rules) {
    const resourceAttributes = { namespace, group: apiGroups[0]!, resource: resources[0]!, verb: verbs[0]! };
    const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec: { user: userOf(account), resourceAttributes } };
    await cluster.until(`${account} has its rights`, async () => {
      const answer = await cluster.must<{ status: { allowed: boolean } }>("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
      return answer.status.allowed;
    });
  }
}

function rightsIn(where: Scope): string {
  return where === "cluster" ? `${RIGHTS}/` : `${RIGHTS}/namespaces/${where.namespace}/`;
}

async function tokenOf(cluster: Cluster, account: string): Promise<string> {
  const home = `/api/v1/namespaces/${HOME}`;
  await apply(cluster, home, { apiVersion: "v1", kind: "Namespace", metadata: { name: HOME } });
  const path = `${home}/serviceaccounts/${account}`;
  await apply(cluster, path, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account } });
  const spec = { expirationSeconds: 3600 };
  return (await cluster.must<{ status: { token: string } }>("POST", `${path}/token`, { spec })).status.token;
}

/** Server-side apply: the same whether it is there already or not. */
function apply<T>(cluster: Cluster, path: string, object: object | string): Promise<T> {
  return cluster.must<T>("PATCH", `${path}?fieldManager=journeys&force=true`, object, APPLY);
}
