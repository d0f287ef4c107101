/**
 * What the cluster has beside Kubernetes itself, as far as builders care, and how to say what is missing.
 * Pure data: who looks is the controllers' business.
 */

/** Software that a cluster may have, the kinds we make for it, and where it is had. */
export const INTEGRATIONS = {
  prometheus: {
    title: 'Prometheus operator',
    kinds: ['ServiceMonitor'],
    from: 'https://prometheus-operator.dev',
  },
  istio: {
    title: 'Istio',
    kinds: ['PeerAuthentication', 'AuthorizationPolicy', 'DestinationRule', 'VirtualService'],
    from: 'https://istio.io',
  },
  keda: { title: 'KEDA', kinds: ['ScaledObject'], from: 'https://keda.sh' },
  externalSecrets: {
    title: 'External Secrets operator',
    kinds: ['ExternalSecret'],
    from: 'https://external-secrets.io',
  },
  argoRollouts: {
    title: 'Argo Rollouts',
    kinds: ['Rollout', 'AnalysisTemplate'],
    from: 'https://argo-rollouts.readthedocs.io',
  },
} as const;

export type Integration = keyof typeof INTEGRATIONS;

/**
 * `on`: its objects are made. `off`: the platform does not want it. `absent`: the cluster lacks its kinds. `unseen`: it has
 * them, but the operator cannot read their objects. `outside`: it is there, but our own Pods take no part in it.
 */
export type IntegrationState = 'on' | 'off' | 'absent' | 'unseen' | 'outside';

export interface Surroundings {
  readonly integrations: Readonly<Record<Integration, IntegrationState>>;
  /** The custom metrics API serves requests per second of Pods. */
  readonly customMetrics: boolean;
  /** Labels that put a namespace into the mesh: those the platform's own namespace has. */
  readonly mesh: Readonly<Record<string, string>>;
}

/** A bare cluster. */
export const BARE: Surroundings = {
  integrations: {
    prometheus: 'absent',
    istio: 'absent',
    keda: 'absent',
    externalSecrets: 'absent',
    argoRollouts: 'absent',
  },
  customMetrics: false,
  mesh: {},
};

export function has({ integrations }: Surroundings, integration: Integration): boolean {
  return integrations[integration] === 'on';
}

/** Labels by which Istio takes in a namespace; ours follow the platform's, revision included. */
const MESH_LABELS = ['istio-injection', 'istio.io/rev'];

/** @param labels of the platform's own namespace */
export function meshOf(labels: Readonly<Record<string, string>> | undefined): Surroundings['mesh'] {
  const given = Object.entries(labels ?? {}).filter(([name]) => MESH_LABELS.includes(name));
  return given.some(([, value]) => value === 'disabled') ? {} : Object.fromEntries(given);
}

const WHY: Readonly<Record<Exclude<IntegrationState, 'on'>, (title: string, from: string) => string>> = {
  off: (title) => `${title} is switched off by the platform's configuration`,
  absent: (title, from) => `${title} is not installed; made as soon as it is (${from})`,
  unseen: (title) => `the operator cannot list objects of ${title}; see its log`,
  outside: (title) =>
    `${title} is installed, but namespace shopmind-system is not in the mesh (docs/decisions/0015 says how it enters)`,
};

/** Which of these kinds are made and which are left out, and why, in one sentence for a condition. */
export function integrationMessage(
  { integrations }: Surroundings,
  concerned: Readonly<Partial<Record<Integration, readonly string[]>>>,
): { readonly complete: boolean; readonly message: string } {
  // The keys are those of the type; TypeScript's Object.entries forgets it.
  const entries = Object.entries(concerned) as [Integration, readonly string[]][];
  const made = entries.filter(([name]) => integrations[name] === 'on').flatMap(([, kinds]) => kinds);
  const skipped = entries.flatMap(([name, kinds]) => {
    const state = integrations[name];
    const { title, from } = INTEGRATIONS[name];
    return state === 'on' ? [] : [`${kinds.join(', ')} left out: ${WHY[state](title, from)}`];
  });
  const parts = [...(made.length === 0 ? [] : [`${made.join(', ')} made`]), ...skipped];
  return {
    complete: skipped.length === 0,
    message: parts.length === 0 ? 'nothing beside Kubernetes is needed' : parts.join('. '),
  };
}
