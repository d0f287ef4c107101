/** What an address of Kafka says to a client: `kafka://user:password@one:9092,two:9092/?mechanism=scram-sha-512&tls=true`. */
import { parseAddress, type Address } from '../index.ts';

export const KAFKA_PORT = 9092;

const MECHANISMS = ['scram-sha-512', 'scram-sha-256', 'plain'] as const;

type Mechanism = (typeof MECHANISMS)[number];

export interface KafkaSettings {
  readonly brokers: string[];
  readonly ssl: boolean;
  readonly sasl?: { [M in Mechanism]: { mechanism: M; username: string; password: string } }[Mechanism];
}

/**
 * @param text with `mechanism` (SCRAM-SHA-512 where it names a user and nothing else) and `tls`
 * @throws Error that says what is wrong and never repeats the login
 */
export function kafkaSettings(text: string): KafkaSettings {
  const address = parseAddress(text, KAFKA_PORT);
  if (address.scheme !== 'kafka')
    throw new Error(`an address of Kafka begins with kafka://, not ${address.scheme}://`);
  return {
    brokers: address.servers.map(({ host, port }) => `${host}:${port}`),
    ssl: address.options['tls'] === 'true',
    ...saslOf(address),
  };
}

function saslOf({ user, password, options }: Address): Pick<KafkaSettings, 'sasl'> {
  if (user === undefined) return {};
  const wanted = options['mechanism'] ?? 'scram-sha-512';
  const mechanism = MECHANISMS.find((known) => known === wanted);
  if (mechanism === undefined)
    throw new Error(`an address of Kafka knows the mechanisms ${MECHANISMS.join(', ')}, not “${wanted}”`);
  const login = { username: user, password: password ?? '' };
  // One literal for each, so that it fits a client's types, which tell mechanisms apart.
  switch (mechanism) {
    case 'plain':
      return { sasl: { mechanism, ...login } };
    case 'scram-sha-256':
      return { sasl: { mechanism, ...login } };
    case 'scram-sha-512':
      return { sasl: { mechanism, ...login } };
  }
}
