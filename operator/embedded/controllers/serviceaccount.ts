/**
 * What every namespace has from its first moment: the ServiceAccount `default` and the authority's certificate.
 */
import { isConflict } from './machinery/client.ts';
import { on, runController, type Context, type Controller } from './machinery/controller.ts';
import { CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS } from './machinery/wire.ts';

const ROOT_CA = 'kube-root-ca.crt';

/** @param ca PEM of the API server's authority */
export function startServiceAccounts(context: Context, ca: string): Controller {
  const { api } = context;
  const namespaces = context.informers.of(NAMESPACES);
  const accounts = context.informers.of(SERVICE_ACCOUNTS);
  const configMaps = context.informers.of(CONFIG_MAPS);

  async function reconcile(name: string): Promise<undefined> {
    const namespace = namespaces.get(name);
    if (!namespace || namespace.metadata.deletionTimestamp) return;
    if (!accounts.get(`${name}/default`))
      accounts.observe(
        await ifAbsent(() => api.create(SERVICE_ACCOUNTS, name, { metadata: { name: 'default' } })),
      );
    const present = configMaps.get(`${name}/${ROOT_CA}`);
    const data = { 'ca.crt': ca };
    if (!present)
      configMaps.observe(
        await ifAbsent(() => api.create(CONFIG_MAPS, name, { metadata: { name: ROOT_CA }, data })),
      );
    else if (present.data?.['ca.crt'] !== ca)
      configMaps.observe(await api.patch(CONFIG_MAPS, present.metadata, { data }));
  }

  return runController(context, {
    name: 'serviceaccount',
    sources: [
      on(namespaces),
      on(accounts, ({ object, previous }) =>
        !object && previous?.metadata.name === 'default' ? [previous.metadata.namespace] : [],
      ),
      on(configMaps, ({ object, previous }) => {
        const map = object ?? previous;
        return map?.metadata.name === ROOT_CA ? [map.metadata.namespace] : [];
      }),
    ],
    reconcile,
  });
}

async function ifAbsent<T>(create: () => Promise<T>): Promise<T | undefined> {
  try {
    return await create();
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}
