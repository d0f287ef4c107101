/** What Acme Outdoor says in German, of the products it has translated so far. */
import type { Words } from '../shop.ts';

export const german: Readonly<Record<string, Words>> = {
  'ridge-dome-tent': {
    title: 'Kuppelzelt Ridge',
    story:
      'Zwei Gestängebögen, zwei Eingänge, acht Minuten. Ridge steht frei auf Fels und Sand, und an den steilen Wänden läuft der Regen ab, der sich auf flachen Zelten sammelt.',
    facts: [
      'Außenzelt: Ripstop-Nylon 30D, 3.000 mm Wassersäule',
      'Zwei Apsiden, eine je Schläfer',
      'Packmaß 46 × 15 cm',
    ],
  },
  'longhouse-tunnel-tent': {
    title: 'Tunnelzelt Longhouse',
    story:
      'Ein Flur, ein Wohnzimmer und ein Schlafzimmer, das bis acht Uhr dunkel bleibt. Longhouse ist das Zelt für ehrliche Wetterberichte und weniger ehrliche Kinder.',
    facts: ['Stehhöhe 198 cm', 'Abgedunkelte Schlafkabine', 'Heringe mit Stahlspitze und Ersatzleinen dabei'],
  },
  'hearth-tipi': {
    title: 'Tipi Hearth',
    story:
      'Eine Stange in der Mitte, rundherum Baumwolle und oben eine Durchführung für das Ofenrohr. Winterwochenenden klingen auf einmal vernünftig.',
    facts: [],
  },
  'scout-solo-tent': {
    title: 'Einpersonenzelt Scout',
    story:
      'Ein Bogen, Platz für einen Menschen und einen nassen Hund. Es wiegt so viel wie eine gute Flasche Wein und hält länger.',
    facts: [],
  },
  'drift-hammock': {
    title: 'Hängematte Drift',
    story:
      'So breit geschnitten, dass man flach liegt und nicht gefaltet. Die Gurte halten an einer Kiefer, ohne Spuren zu hinterlassen.',
    facts: [],
  },
  'switchback-45': {
    title: 'Trekkingrucksack Switchback 45',
    story:
      'Der Rucksack, von dem wir Fotos geschickt bekommen. Der belüftete Rücken lässt sich im Gehen verstellen, und die Fronttasche schluckt eine nasse Plane.',
    facts: [],
  },
  'daybreak-22': {
    title: 'Tagesrucksack Daybreak 22',
    story:
      'Klein genug fürs Büro, ehrlich genug für den Gipfel. Ein Fach für den Laptop oder eine Trinkblase mit zwei Litern, nie für beides.',
    facts: [],
  },
};
