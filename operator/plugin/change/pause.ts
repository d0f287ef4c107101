/**
 * `shopmind pause` and `unpause`: the operator takes its hands off a tenant and its Services, so that a person can work on them.
 * The shop goes on as it is.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import { shopServices, tenants } from '../../controllers/kinds.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { findTenant } from '../tenant/find.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { merge } from './write.ts';

/** Sets or removes the annotation, on the tenant and on its own Services. */
export async function setPaused({ cli, args: [name = ''] }: Call, paused: boolean): Promise<void> {
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
