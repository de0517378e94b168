/** The fields of Kubernetes' and Kamaji's objects that these tests read. */

export interface KubernetesObject {
  metadata: {
    name: string;
    uid: string;
    generation: number;
    resourceVersion: string;
    creationTimestamp: string;
    deletionTimestamp?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    managedFields?: { manager: string; operation: string; subresource?: string; fieldsV1: object }[];
  };
}

/** A refusal. */
export interface KubernetesStatus {
  message: string;
  reason: string;
}

export interface Tenant extends KubernetesObject {
  spec: {
    kubernetes: { version: string };
    controlPlane: {
      deployment: {
        replicas: number;
        strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
      };
    };
  };
  status?: { kubernetesResources?: { version?: { version?: string; status?: string } } };
}

export interface Deployment extends KubernetesObject {
  spec: {
    replicas: number;
    strategy: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
  };
  status?: { observedGeneration?: number; updatedReplicas?: number; readyReplicas?: number };
}

export interface Pod extends KubernetesObject {
  spec: { nodeName?: string; containers: { name: string; image: string }[] };
  status?: { conditions?: { type: string; status: string; lastTransitionTime?: string }[] };
}
