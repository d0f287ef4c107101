/**
 * Asks before something that is felt by others. Only a person at a terminal can answer; a script says `--yes`.
 */
import { createInterface } from 'node:readline/promises';
import type { Cli } from '../cli.ts';
import { EXIT, Failure, Interrupted } from '../failure.ts';

/**
 * @param question what happens, as a sentence; "Go on?" is added
 * @throws Failure when nobody can be asked; Interrupted when the answer is no
 */
export async function confirm(cli: Cli, question: string, isSure: boolean): Promise<void> {
  if (isSure) return;
  if (cli.stdin.isTTY !== true) {
    throw new Failure(question, {
      exitCode: EXIT.usage,
      remedy: 'Say --yes to go on: there is no terminal to ask at.',
    });
  }
  const lines = createInterface({ input: cli.stdin });
  try {
    cli.stderr.write(`${question}\nGo on? [y/N] `);
    const answer = await lines.question('', { signal: cli.interrupted() });
    if (!/^y(es)?$/i.test(answer.trim())) {
      cli.stderr.write('nothing was changed\n');
      throw new Interrupted();
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new Interrupted();
    throw error;
  } finally {
    lines.close();
  }
}
