import { expect, type APIRequestContext, type APIResponse } from "@playwright/test";

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

/** A write that reached the sandbox's Kubernetes API, or a dry run of one. */
export interface NotedRequest {
  user: string;
  method: string;
  path: string;
  dryRun: boolean;
  fieldManager: string | null;
  code: number;
}

/** What the journeys read of a TenantControlPlane. */
export interface TenantControlPlane {
  metadata: { uid: string; generation: number; resourceVersion: string; annotations?: Record<string, string> };
  spec: {
    kubernetes: { version: string };
    controlPlane: { deployment: { replicas: number; strategy: Record<string, unknown> } };
  };
  status?: { kubernetesResources?: { version?: { version?: string; status?: string } } };
}

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { containers: { name: string; image: string }[] };
  status: { conditions?: { type: string; status: string }[] };
}

/** What a person did last at a worker, and how the node is then. */
interface NodeStep {
  step: "cordoned" | "drained" | "upgraded" | "ready" | "uncordoned";
  node: { status: { nodeInfo: { kubeletVersion: string } } };
}

/** Watches that the console holds open: one for each kind it observes. */
const WATCHES = 7;

/** Somebody who may do everything in the sandbox. */
const ADMIN = { "Impersonate-User": "platform-admin", "Impersonate-Group": "platform-admins" };

/** The control door of the sandbox and its Kubernetes API. Its time stands still until a journey moves it. */
export class Sandbox {
  constructor(
    private readonly request: APIRequestContext,
    /** Where it listens. */
    readonly url: string,
  ) {}

  /** Lets this much time pass. */
  async advance(seconds: number): Promise<void> {
    await this.post("clock", { advanceSeconds: seconds });
  }

  /** Lets time pass, second by second, until it is so. */
  async advanceUntil(what: string, isSo: () => Promise<boolean>, atMostSeconds = 300): Promise<void> {
    for (let second = 0; second < atMostSeconds; second += 1) {
      if (await isSo()) {
        return;
      }
      await this.advance(1);
    }
    throw new Error(`in ${atMostSeconds} s of the sandbox it did not come to this: ${what}`);
  }

  /** Replaces all disturbances; without any the API is as it should be. */
  async faults(faults: Faults = {}): Promise<void> {
    await this.post("faults", faults);
  }

  /** The same world again, on another day. */
  async startAt(date: Date): Promise<void> {
    await this.post("reset", { startAt: date.toISOString() });
  }

  /** How the pods and the API server of a tenant behave from now on. */
  async behaviour(tenant: string, behaviour: Record<string, unknown>): Promise<void> {
    await this.post(`tenants/${tenant}`, behaviour);
  }

  /** A person takes the next step at a node of a tenant: cordon, drain, upgrade, wait until it is ready, uncordon. */
  async stepAtNode(tenant: string, node: string): Promise<void> {
    await this.post(`tenants/${tenant}/nodes/${node}/step`, {});
  }

  /** Plays a person who brings a worker of a tenant to this version, one minor after the other. */
  async upgradeWorker(tenant: string, node: string, version: string): Promise<void> {
    for (;;) {
      const done = (await this.post(`tenants/${tenant}/nodes/${node}/step`, {})) as NodeStep;
      if (done.step === "uncordoned" && done.node.status.nodeInfo.kubeletVersion === version) {
        return;
      }
    }
  }

  /** Waits until the console watches every kind, so that it knows everything that is. */
  async observed(): Promise<void> {
    await expect
      .poll(async () => ((await (await this.request.get(`${this.url}/sandbox/state`)).json()) as { openWatches: number }).openWatches, {
        message: "the console watches the sandbox",
      })
      .toBe(WATCHES);
    await this.advance(0);
  }

  /** Writes that were more than a dry run, and came from people. */
  async written(): Promise<NotedRequest[]> {
    const { requests } = (await (await this.request.get(`${this.url}/sandbox/state`)).json()) as { requests: NotedRequest[] };
    return requests.filter(({ dryRun, method, code }) => !dryRun && method === "PATCH" && code < 300);
  }

  /** The object of a tenant, `team-a/tenant-00`. */
  async tenant(tenant: string): Promise<TenantControlPlane> {
    return (await this.answered(await this.request.get(this.address(tenant), { headers: ADMIN }))) as TenantControlPlane;
  }

  /** Changes an object as somebody else does, beside the console. */
  async change(tenant: string, patch: object): Promise<void> {
    const headers = { ...ADMIN, "Content-Type": "application/merge-patch+json" };
    await this.answered(await this.request.patch(`${this.address(tenant)}?fieldManager=kubectl-edit`, { headers, data: patch }));
  }

  /** Changes only the status of an object, as Kamaji does many times. */
  async changeStatus(tenant: string, status: object): Promise<void> {
    const headers = { ...ADMIN, "Content-Type": "application/merge-patch+json" };
    await this.answered(await this.request.patch(`${this.address(tenant)}/status`, { headers, data: { status } }));
  }

  /** Deletes a tenant and lets the time pass that this takes. */
  async remove(tenant: string): Promise<void> {
    await this.answered(await this.request.delete(this.address(tenant), { headers: ADMIN }));
    await this.advance(120);
  }

  /** The pods of a tenant: versions of their kube-apiserver, terminating ones included. */
  async versions(tenant: string): Promise<string[]> {
    return (await this.pods(tenant)).map((pod) => version(pod));
  }

  /** The pods of a tenant that are ready and not terminating: versions of their kube-apiserver. */
  async serving(tenant: string): Promise<string[]> {
    const serves = (pod: Pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      (pod.status.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
    return (await this.pods(tenant)).filter(serves).map((pod) => version(pod));
  }

  /** Whether Kamaji has recorded the version and no pod of another one exists. */
  async finished(tenant: string, wanted: string): Promise<boolean> {
    const object = await this.tenant(tenant);
    const installed = object.status?.kubernetesResources?.version?.version;
    return installed === wanted && (await this.versions(tenant)).every((version) => version === wanted);
  }

  private async pods(tenant: string): Promise<Pod[]> {
    const [namespace, name] = tenant.split("/");
    const selector = `labelSelector=kamaji.clastix.io%2Fname%3D${name}`;
    const list = await this.request.get(`${this.url}/api/v1/namespaces/${namespace}/pods?${selector}`, { headers: ADMIN });
    return ((await this.answered(list)) as { items: Pod[] }).items;
  }

  private address(tenant: string): string {
    const [namespace, name] = tenant.split("/");
    return `${this.url}/apis/kamaji.clastix.io/v1alpha1/namespaces/${namespace}/tenantcontrolplanes/${name}`;
  }

  private async post(what: string, data: object): Promise<unknown> {
    return this.answered(await this.request.post(`${this.url}/sandbox/${what}`, { data }));
  }

  private async answered(response: APIResponse): Promise<unknown> {
    expect(response.ok(), `${response.url()}: ${response.status()} ${await response.text()}`).toBeTruthy();
    return response.json();
  }
}

function version(pod: Pod): string {
  const image = pod.spec.containers.find(({ name }) => name === "kube-apiserver")?.image ?? "";
  return image.slice(image.lastIndexOf(":") + 1);
}
