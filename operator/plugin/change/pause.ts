/**
 * `shopmind pause` and `unpause`: the operator takes its hands off a tenant and its Services, so that a person can work on them.
 * The shop goes on as it is.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import { shopServices, tenants } from '../../controllers/kinds.ts';
import { READ_TENANTS, TENANT, type Call, type CommandDefinition, type Need } from '../command.ts';
import { withCluster } from '../connection.ts';
import { findTenant } from '../tenant/find.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { merge, PATCH_TENANTS } from './write.ts';

const PATCH_SERVICES: Need = {
  group: 'shopmind.ai',
  resources: ['services'],
  verbs: ['list', 'patch'],
  where: 'tenant',
  why: "a Service is reconciled by itself, so the tenant's own are paused with it",
};

export const pause: CommandDefinition = {
  name: 'pause',
  group: 'Change',
  summary: 'the operator leaves a tenant and its own Services alone, deletion included; the shop goes on',
  about: `Sets annotation ${ANNOTATIONS.paused}. The pool is not paused: it serves others too. To take a shop off the air: suspend.`,
  arguments: [TENANT],
  examples: [['pause acme', 'before working on its objects by hand']],
  needs: [READ_TENANTS, PATCH_TENANTS, PATCH_SERVICES],
  run: (call) => setPaused(call, true),
};

export const unpause: CommandDefinition = {
  name: 'unpause',
  group: 'Change',
  summary: 'the operator takes care of a paused tenant again, and puts right what differs from its spec',
  arguments: [TENANT],
  examples: [
    ['diff acme', 'what the operator would put right'],
    ['unpause acme', 'let it'],
  ],
  needs: [READ_TENANTS, PATCH_TENANTS, PATCH_SERVICES],
  run: (call) => setPaused(call, false),
};

async function setPaused({ cli, args: [name = ''] }: Call, paused: boolean): Promise<void> {
  await withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const namespace = namespaceOf(name, tenant.spec.placement);
    const mine = (await client.listAll(shopServices, { namespace })).items.filter(
      ({ spec }) => spec.tenant === name,
    );
    const is = ({ metadata }: { metadata: { annotations?: Record<string, string> } }): boolean =>
      metadata.annotations?.[ANNOTATIONS.paused] === 'true';
    const different = [tenant, ...mine].filter((one) => is(one) !== paused);
    if (different.length === 0) {
      cli.print(`${name} is ${paused ? 'paused already' : 'not paused'}`);
      if (!paused && tenant.spec.suspended) cli.note(`it is suspended, though; → ${cli.self} resume ${name}`);
      return;
    }
    const body = { metadata: { annotations: { [ANNOTATIONS.paused]: paused ? 'true' : null } } };
    // Children first: a paused parent with a child that is still moved would be half the promise.
    for (const service of mine.filter((one) => is(one) !== paused))
      await merge(client, shopServices, service.metadata, body);
    if (is(tenant) !== paused) await merge(client, tenants, tenant.metadata, body);
    const with_ =
      mine.length === 0
        ? ''
        : ` and ${mine.map(({ metadata }) => `Service ${metadata.namespace}/${metadata.name}`).join(', ')}`;
    cli.print(
      paused
        ? `the operator leaves ${name}${with_} alone`
        : `the operator takes care of ${name}${with_} again`,
    );
    cli.note(
      cli.notes.dim(
        paused
          ? `→ ${cli.self} diff ${name}   ·   ${cli.self} unpause ${name}`
          : `→ ${cli.self} wait ${name}`,
      ),
    );
  });
}
