/**
 * `shopmind rotate [TENANT]`: says when logins are to be rotated; the operator does it, however long Pods take.
 */
import { ANNOTATIONS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices } from '../../controllers/kinds.ts';
import { homeOf } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { merge, patchTenant } from './write.ts';

export async function rotate({ cli, args: [name], flags }: Call): Promise<void> {
  await withCluster(cli, async (client) => {
    const annotations = { [ANNOTATIONS.rotateAt]: new Date(cli.now()).toISOString() };
    if (name !== undefined) {
      const tenant = await findTenant(client, name);
      if (homeOf(tenant) === 'pooled')
        throw new Failure(`tenant "${name}" has no logins of its own: it uses the pool's`, {
          exitCode: EXIT.usage,
          remedy: `Rotate those, for all pooled tenants: ${cli.self} rotate`,
        });
      await patchTenant(client, tenant, { metadata: { annotations } });
      cli.print(`the logins of ${name} are rotated`);
      cli.note(cli.notes.dim(`→ ${cli.self} events ${name}`));
      return;
    }
    const services = (await client.listAll(shopServices, { namespace: SYSTEM_NAMESPACE })).items.filter(
      ({ spec }) => spec.domains !== undefined && spec.tenant === undefined,
    );
    const [first] = services;
    if (first === undefined)
      throw new Failure(`no Service in ${SYSTEM_NAMESPACE} hosts pooled tenants`, {
        exitCode: EXIT.failure,
        remedy: `See what is there: kubectl get smsvc -n ${SYSTEM_NAMESPACE}`,
      });
    await confirm(
      cli,
      'The Pods of the pool serve every pooled tenant. They are replaced one after the other.',
      flags.on('yes'),
    );
    await merge(client, shopServices, first.metadata, { metadata: { annotations } });
    cli.print("the pool's logins are rotated");
    cli.note(
      cli.notes.dim(`→ kubectl get events -n ${SYSTEM_NAMESPACE} --field-selector reason=CredentialsRotated`),
    );
  });
}
