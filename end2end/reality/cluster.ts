import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { promisify } from "node:util";

import type { Deployment, KubernetesStatus, Pod, Tenant } from "./objects.js";

/** Where tenants are. */
export const NAMESPACE = "team-a";

/** The kubeconfig of the cluster's administrator. */
export const KUBECONFIG = fromEnvironment("KUBECONFIG");

/** How long anything may take that Kamaji or a controller does on a busy machine (ms). */
const DONE_WITHIN = 90_000;

/** Pause between two looks (ms). */
const LOOK_AGAIN_AFTER = 100;

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority": string } }[];
  users: { user: { "client-certificate": string; "client-key": string } }[];
}

/** An answer of the API server, whatever it says. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Parts of the cluster that journeys disturb. */
export type Component = "etcd" | "kube-apiserver";

/** A tenant to make: what its TenantControlPlane says beside the usual. */
export interface Wanted {
  version?: string;
  replicas?: number;
  /** Fields that differ, as a JSON merge patch. */
  patch?: { metadata?: object; spec?: object };
  /** Whether its kubeconfig leads to its API server. */
  reachable?: boolean;
  /** Whether no API server is started for it. */
  withoutApi?: boolean;
}

/** The management cluster, as its administrator. */
export class Cluster {
  private constructor(
    private readonly server: URL,
    private readonly authority: string,
    private readonly agent: Agent,
  ) {}

  static async asAdministrator(): Promise<Cluster> {
    const config = JSON.parse(await readFile(KUBECONFIG, "utf8")) as Kubeconfig;
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (cluster === undefined || user === undefined) {
      throw new Error(`${KUBECONFIG} names no cluster or no user`);
    }
    const [ca, cert, key] = await Promise.all(
      [cluster["certificate-authority"], user["client-certificate"], user["client-key"]].map((file) => readFile(file, "utf8")),
    );
    const agent = new Agent({ ca: ca!, cert: cert!, key: key!, keepAlive: true });
    return new Cluster(new URL(cluster.server), cluster["certificate-authority"], agent);
  }

  /** A kubeconfig for a bearer token of this cluster. */
  kubeconfigFor(user: string, token: string): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "reality", cluster: { server: this.server.href, "certificate-authority": this.authority } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: "reality", context: { cluster: "reality", user } }],
      "current-context": "reality",
    });
  }

  /** Sends a request and hands the answer over as it begins to come. */
  open(method: string, path: string, body?: object | string, contentType = "application/json", more: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
    const headers = {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": contentType }),
      ...more,
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.server), { method, headers, agent: this.agent }, resolve);
      sent.once("error", reject);
      sent.end(typeof body === "object" ? JSON.stringify(body) : body);
    });
  }

  /** The answer to a request, also if it is a refusal. */
  async ask(method: string, path: string, body?: object | string, contentType?: string): Promise<Answer> {
    const message = await this.open(method, path, body, contentType);
    const parts: Buffer[] = [];
    for await (const part of message) {
      parts.push(part as Buffer);
    }
    return { status: message.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown };
  }

  /** What is answered to a request that must succeed. */
  async must<T>(method: string, path: string, body?: object | string, contentType?: string): Promise<T> {
    const answer = await this.ask(method, path, body, contentType);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${(answer.body as KubernetesStatus).message}`);
    }
    return answer.body as T;
  }

  tenant(name: string): Promise<Tenant> {
    return this.must("GET", tenantPath(name));
  }

  deployment(name: string): Promise<Deployment> {
    return this.must("GET", deploymentPath(name));
  }

  /** The pods of a tenant's control plane, terminating ones included. */
  async pods(name: string): Promise<Pod[]> {
    const list = await this.must<{ items: Pod[] }>("GET", `${podsPath()}?labelSelector=${podSelector(name)}`);
    return list.items;
  }

  /** Changes a tenant by a JSON merge patch. */
  change(name: string, patch: object): Promise<Tenant> {
    return this.must("PATCH", tenantPath(name), patch, "application/merge-patch+json");
  }

  /** Writes a tenant's status, which Kamaji writes again. */
  changeStatus(name: string, status: object): Promise<Tenant> {
    return this.must("PATCH", `${tenantPath(name)}/status`, { status }, "application/merge-patch+json");
  }

  /** What the API server and Kamaji would say to a patch. */
  dryRun(name: string, patch: object): Promise<Answer> {
    return this.ask("PATCH", `${tenantPath(name)}?dryRun=All`, patch, "application/merge-patch+json");
  }

  /** Makes a tenant with an API server of its own, and waits until all its pods serve. */
  async make(name: string, wanted: Wanted = {}): Promise<void> {
    // A DataStore of its own, on the same etcd: journeys run beside each other, and a second surge on one DataStore is blocked.
    const stores = "/apis/kamaji.clastix.io/v1alpha1/datastores";
    const { spec } = await this.must<{ spec: object }>("GET", `${stores}/default`);
    await this.must("POST", stores, { apiVersion: "kamaji.clastix.io/v1alpha1", kind: "DataStore", metadata: { name }, spec });
    const patch = { ...wanted.patch, spec: { ...wanted.patch?.spec, dataStore: name } };
    const options = [
      ...(wanted.version === undefined ? [] : ["--version", wanted.version]),
      ...(wanted.replicas === undefined ? [] : ["--replicas", String(wanted.replicas)]),
      "--patch",
      JSON.stringify(patch),
      ...(wanted.reachable === true ? ["--reachable"] : []),
      ...(wanted.withoutApi === true ? ["--without-api"] : []),
    ];
    await realityCommand("tenant", name, ...options);
  }

  /**
   * Ends a tenant's API server, which takes most of its memory. Also how a journey ends: the tenant itself stays, since Kamaji
   * v1.0.0 now and then does not let go of one that is deleted.
   */
  async silence(name: string): Promise<void> {
    await realityCommand("silence", name);
  }

  /** Starts it again. */
  async answer(name: string): Promise<void> {
    await realityCommand("answer", name);
  }

  /** Ends a part of the cluster and starts it again; comes back when the API server and Kamaji answer. */
  async restart(component: Component): Promise<void> {
    await realityCommand("restart", component);
  }

  /** Stops a part of the cluster where it stands: it is there, and answers nothing. */
  async pause(component: Component): Promise<void> {
    await realityCommand("pause", component);
  }

  /** Lets it go on. */
  async resume(component: Component): Promise<void> {
    await realityCommand("resume", component);
  }

  /**
   * Lets those pods of a tenant get ready that are held back by the annotation `reality/broken`, so that a rollout stands in its
   * middle for as long as a journey needs.
   */
  async release(name: string): Promise<void> {
    const free = { metadata: { annotations: { "reality/broken": null } } };
    for (const pod of await this.pods(name)) {
      await this.must("PATCH", `${podsPath()}/${pod.metadata.name}`, free, "application/merge-patch+json");
    }
  }

  /** Whether a tenant's last change is done to its end: recorded by Kamaji, and no pod of another version exists. */
  async finished(name: string, version: string): Promise<boolean> {
    const [tenant, deployment, pods] = await Promise.all([this.tenant(name), this.deployment(name), this.pods(name)]);
    const wanted = tenant.spec.controlPlane.deployment.replicas;
    return (
      tenant.status?.kubernetesResources?.version?.status === "Ready" &&
      tenant.status.kubernetesResources.version.version === version &&
      deployment.status?.observedGeneration === deployment.metadata.generation &&
      deployment.status?.updatedReplicas === wanted &&
      deployment.status?.readyReplicas === wanted &&
      pods.length === wanted &&
      pods.every((pod) => versionOf(pod) === version)
    );
  }

  /** Looks again until it is so. */
  async until(what: string, look: () => Promise<boolean>, within = DONE_WITHIN): Promise<void> {
    const end = Date.now() + within;
    while (!(await look())) {
      if (Date.now() > end) {
        throw new Error(`not within ${within / 1000} s: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_AFTER));
    }
  }
}

export function tenantPath(name: string): string {
  return `/apis/kamaji.clastix.io/v1alpha1/namespaces/${NAMESPACE}/tenantcontrolplanes/${name}`;
}

export function deploymentPath(name: string): string {
  return `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`;
}

export function podsPath(): string {
  return `/api/v1/namespaces/${NAMESPACE}/pods`;
}

/** How Kamaji marks the pods of one tenant. */
export function podSelector(tenant: string): string {
  return encodeURIComponent(`kamaji.clastix.io/name=${tenant}`);
}

/** The version of a pod's API server: the tag of its image. */
export function versionOf(pod: Pod): string {
  const image = pod.spec.containers.find((container) => container.name === "kube-apiserver")?.image ?? "";
  return image.slice(image.lastIndexOf(":") + 1);
}

/** Whether a pod serves: ready, and not terminating. */
export function serves(pod: Pod): boolean {
  const ready = pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  return ready === true && pod.metadata.deletionTimestamp === undefined;
}

/** The words of a refusal. */
export function words(answer: Answer): string {
  return answer.status < 300 ? "" : (answer.body as KubernetesStatus).message;
}

async function realityCommand(...args: string[]): Promise<void> {
  await promisify(execFile)(fromEnvironment("REALITY_COMMAND"), ["reality", ...args]);
}

export function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: these tests are started by \`cargo xtask reality test\``);
  }
  return value;
}
