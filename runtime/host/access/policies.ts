/**
 * What members of a shop's staff may do, decided by Casbin: roles by tenant, a policy for each tenant. It is loaded when it is first
 * asked for, and again when whoever asks comes with another stamp than it has: their session is looked up in the database with each
 * request and brings the present stamp along, so that no process goes on by what was changed elsewhere.
 */
import type { StaffIdentity, StaffPolicy } from '../../platform/domain.ts';

export interface PoliciesOptions {
  readonly load: (tenant: string) => Promise<StaffPolicy>;
  /** How many tenants' policies are kept: those that were asked for last. Default 500; one is about 40 KB. */
  readonly most?: number;
}

export interface Policies {
  /** @param scope `orders:read`, or {@link FOR_PEOPLE} */
  allows(tenant: string, staff: StaffIdentity, scope: string): Promise<boolean>;
}

/** What no role but an owner's is good for. */
export const FOR_PEOPLE = 'shop:people';

const MODEL = `
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = (p.obj == '*' || r.obj == p.obj) && (p.act == '*' || r.act == p.act) && r.dom == p.dom && g(r.sub, p.sub, r.dom)
`;

interface Kept {
  readonly stamp: string;
  readonly decide: (member: string, scope: string) => boolean;
}

export function createPolicies({ load, most = 500 }: PoliciesOptions): Policies {
  /** In the order in which they were asked for. */
  const kept = new Map<string, Promise<Kept>>();

  function keep(tenant: string, made: Promise<Kept>): Promise<Kept> {
    kept.delete(tenant);
    kept.set(tenant, made);
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    return made;
  }

  function fresh(tenant: string): Promise<Kept> {
    const made = load(tenant).then((policy) => compile(tenant, policy));
    made.catch(() => {
      if (kept.get(tenant) === made) kept.delete(tenant);
    });
    return keep(tenant, made);
  }

  return {
    async allows(tenant, { id, policy }, scope) {
      const asked = kept.get(tenant);
      let present = await (asked === undefined ? fresh(tenant) : keep(tenant, asked));
      if (present.stamp !== policy) {
        // Whoever came with the new stamp a moment before has it loaded already, or is about to.
        const newer = kept.get(tenant);
        if (newer !== undefined && newer !== asked) present = await newer;
      }
      if (present.stamp !== policy) present = await fresh(tenant);
      return present.decide(id, scope);
    },
  };
}

/** Casbin takes 15 µs to 1 ms for a decision, by where in the policy it finds it; so each is asked for once and kept with its policy. */
async function compile(tenant: string, { stamp, roles, members }: StaffPolicy): Promise<Kept> {
  // Most processes never see a member of a staff: it is loaded for those that do.
  const { newEnforcer, newModelFromString } = await import('casbin');
  const enforcer = await newEnforcer(newModelFromString(MODEL));
  const rules = roles.flatMap(({ id, scopes }) =>
    scopes.map((scope) => [roleName(id), tenant, ...partsOf(scope)]),
  );
  const grants = members.flatMap(({ id, roles: had }) =>
    had.map((role) => [memberName(id), roleName(role), tenant]),
  );
  await enforcer.addPolicies(unique(rules));
  await enforcer.addGroupingPolicies(unique(grants));
  const decisions = new Map<string, boolean>();
  return {
    stamp,
    decide(member, scope) {
      const question = `${member} ${scope}`;
      const known = decisions.get(question);
      if (known !== undefined) return known;
      const decision = enforcer.enforceSync(memberName(member), tenant, ...partsOf(scope));
      decisions.set(question, decision);
      return decision;
    },
  };
}

/** To Casbin a role is somebody too: they are told apart by their names, whatever their ids. */
function memberName(id: string): string {
  return `member:${id}`;
}

function roleName(id: string): string {
  return `role:${id}`;
}

function partsOf(scope: string): [domain: string, action: string] {
  const [domain = '', action = ''] = scope.split(':');
  return [domain, action];
}

/** Casbin refuses a whole batch in which a rule stands twice. */
function unique(rules: readonly string[][]): string[][] {
  return [...new Map(rules.map((rule) => [rule.join(), rule])).values()];
}
