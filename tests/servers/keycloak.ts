/**
 * A Keycloak of a test's own on loopback, with its database in a folder that goes with it. Fetched from Maven Central on first use and
 * built once for that database (155 MB, about a minute), so that each start is a production start: some ten seconds on an idle machine.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { unpacked } from './maven.ts';
import { startProgram, type Program } from './process.ts';

export interface KeycloakServer extends Program {
  /** `http://127.0.0.1:…` */
  readonly origin: string;
  /** `keycloak+http://admin:…@127.0.0.1:…/`, the administrator of realm `master`. */
  readonly adminAddress: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const VERSION = '26.3.5';

export async function startKeycloak(): Promise<KeycloakServer> {
  const home = await keycloakHome();
  const folder = ownFolder('keycloak');
  const [port, managementPort] = [await freePort(), await freePort()];
  const password = randomBytes(18).toString('base64url');
  try {
    const program = await startProgram({
      command: join(home, 'bin', 'kc.sh'),
      args: [
        'start',
        '--optimized',
        '--cache=local',
        '--http-enabled=true',
        '--http-host=127.0.0.1',
        `--http-port=${port}`,
        `--http-management-port=${managementPort}`,
        '--hostname-strict=false',
        '--log-level=warn',
      ],
      env: {
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
        KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
        KC_BOOTSTRAP_ADMIN_PASSWORD: password,
        KC_DB_URL: `jdbc:h2:file:${join(folder, 'database')};NON_KEYWORDS=VALUE`,
      },
      folder,
      ready: async () => {
        const answer = await fetch(`http://127.0.0.1:${managementPort}/health/ready`, {
          signal: AbortSignal.timeout(2_000),
        });
        if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      },
      // Making its tables is the longest part, and two busy cores take minutes.
      withinMs: 300_000,
    });
    return {
      ...program,
      origin: `http://127.0.0.1:${port}`,
      adminAddress: `keycloak+http://admin:${password}@127.0.0.1:${port}/`,
      async stop() {
        await program.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function keycloakHome(): Promise<string> {
  const artifact = { groupId: 'org.keycloak', artifactId: 'keycloak-quarkus-dist', version: VERSION };
  const folder = await unpacked(artifact, async (fresh) => {
    const program = join(fresh, `keycloak-${VERSION}`, 'bin', 'kc.sh');
    await promisify(execFile)(program, ['build', '--db=dev-file', '--health-enabled=true'], {
      timeout: 600_000,
    });
  });
  return join(folder, `keycloak-${VERSION}`);
}
