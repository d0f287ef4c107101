/** What a scope's database holds, as the server tells it. */
import type { Db, Document } from 'mongodb';
import { z } from 'zod';
import { RUNTIME_ROLE } from './plan.ts';
import type { Index, Observed } from './plan.ts';

const Role = z.object({ role: z.string(), db: z.string() });
const Users = z.object({ users: z.array(z.object({ user: z.string(), roles: z.array(Role) })) });
const Roles = z.object({
  roles: z.array(
    z.object({
      privileges: z.array(
        z.object({
          // Of a database, of the whole cluster, of anything.
          resource: z.record(z.string(), z.unknown()),
          actions: z.array(z.string()),
        }),
      ),
    }),
  ),
});
const Indexes = z.array(z.object({ name: z.string(), key: z.record(z.string(), z.number()) }));

/** @param emulator it has neither users nor validators */
export async function observeDatabase(database: Db, emulator: boolean): Promise<Observed> {
  const listed: Document[] = await database.listCollections({ type: 'collection' }).toArray();
  const ours = listed.filter(({ name }) => !String(name).startsWith('system.'));
  const collections = await Promise.all(
    ours.map(async ({ name, options }) => {
      const validator: unknown = options?.validator;
      return [String(name), { validator, indexes: await indexesIn(database, String(name)) }] as const;
    }),
  );
  return { collections: new Map(collections), ...(emulator ? {} : { access: await accessIn(database) }) };
}

async function indexesIn(database: Db, collection: string): Promise<readonly Index[]> {
  const all: Document[] = await database.collection(collection).listIndexes().toArray();
  // Keys of text and place have words for values; those are nobody's here.
  return all.flatMap((index) => {
    const parsed = Indexes.safeParse([index]);
    return parsed.success ? parsed.data : [];
  });
}

async function accessIn(database: Db): Promise<NonNullable<Observed['access']>> {
  const { users } = Users.parse(await database.command({ usersInfo: 1 }));
  const { roles } = Roles.parse(
    await database.command({
      rolesInfo: { role: RUNTIME_ROLE, db: database.databaseName },
      showPrivileges: true,
    }),
  );
  const [role] = roles;
  return { users, ...(role === undefined ? {} : { privileges: role.privileges }) };
}
