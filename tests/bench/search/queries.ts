/**
 * What shoppers of the sample shops may type, and what they would want to see: judged by hand from the catalogues, before any search was run.
 * 3: what was meant; 2: would do as well; 1: related. What is not named is 0.
 */
export interface JudgedQuery {
  readonly shop: 'acme' | 'fjord' | 'sakura';
  readonly q: string;
  readonly kind: 'words' | 'slip' | 'paraphrase' | 'other language';
  readonly judged: Readonly<Record<string, 1 | 2 | 3>>;
}

const acme = (kind: JudgedQuery['kind'], q: string, judged: JudgedQuery['judged']): JudgedQuery => ({
  shop: 'acme',
  kind,
  q,
  judged,
});
const fjord = (kind: JudgedQuery['kind'], q: string, judged: JudgedQuery['judged']): JudgedQuery => ({
  shop: 'fjord',
  kind,
  q,
  judged,
});
const sakura = (kind: JudgedQuery['kind'], q: string, judged: JudgedQuery['judged']): JudgedQuery => ({
  shop: 'sakura',
  kind,
  q,
  judged,
});

export const QUERIES: readonly JudgedQuery[] = [
  acme('words', 'family tent', { 'longhouse-tunnel-tent': 3, 'hearth-tipi': 2, 'ridge-dome-tent': 1 }),
  acme('words', 'rain jacket', { 'drizzle-rain-jacket': 3, 'stormline-jacket': 2, 'driftdown-jacket': 1 }),
  acme('words', 'down sleeping bag', {
    'ember-sleeping-bag': 3,
    'polar-night-bag': 3,
    'tarn-sleeping-bag': 1,
    'kit-kids-sleeping-bag': 1,
  }),
  acme('words', 'headlamp', { 'beam-headlamp': 3, 'beam-pro-headlamp': 3 }),
  acme('words', 'waterproof boots', { 'granite-mid-boot': 3, 'traverse-boot': 3 }),
  acme('words', 'gas stove', { 'spark-gas-stove': 3, 'two-flame-stove': 2, 'tinker-cook-set': 1 }),
  acme('words', 'merino socks', { 'merino-hiking-socks': 3, 'winter-expedition-socks': 3 }),
  acme('words', 'waterproof backpack', {
    'rolltop-28': 3,
    'harbour-dry-bag': 2,
    'daybreak-22': 1,
    'switchback-45': 1,
    'switchback-65': 1,
  }),
  acme('slip', 'ruksack trekking', { 'switchback-45': 3, 'switchback-65': 3, 'daybreak-22': 1 }),
  acme('slip', 'sleping bag', {
    'ember-sleeping-bag': 3,
    'tarn-sleeping-bag': 3,
    'polar-night-bag': 3,
    'kit-kids-sleeping-bag': 3,
  }),
  acme('slip', 'hedlamp', { 'beam-headlamp': 3, 'beam-pro-headlamp': 3 }),
  acme('slip', 'trecking poles', { 'trekking-poles': 3, 'folding-poles': 3 }),
  acme('slip', 'compas', { 'bearing-compass': 3, 'expedition-compass': 3 }),
  acme('slip', 'enamell mug', { 'summit-enamel-mug': 3, 'fireside-insulated-mug': 2 }),
  acme('paraphrase', 'flashlight', {
    'beam-headlamp': 3,
    'beam-pro-headlamp': 3,
    'glow-lantern': 2,
    'storm-lantern': 2,
    'festival-lantern-trio': 2,
  }),
  acme('paraphrase', 'rucksack', {
    'switchback-45': 3,
    'switchback-65': 3,
    'daybreak-22': 3,
    'rolltop-28': 3,
    'trail-vest-8': 2,
  }),
  acme('paraphrase', 'keep coffee hot', {
    'fireside-insulated-mug': 3,
    'thermos-flask': 3,
    'spring-bottle': 2,
    'summit-enamel-mug': 1,
  }),
  acme('paraphrase', 'thermos', { 'thermos-flask': 3, 'spring-bottle': 2, 'fireside-insulated-mug': 2 }),
  acme('paraphrase', 'air mattress', {
    'basecamp-self-inflating-mat': 3,
    'cloudline-mat': 3,
    'bedrock-foam-mat': 2,
  }),
  acme('paraphrase', 'something to sit on at camp', { 'camp-chair': 3, 'bedrock-foam-mat': 1 }),
  acme('paraphrase', 'cooking over a fire', {
    'dutch-oven': 3,
    'woodsman-fire-pot': 3,
    'tinker-cook-set': 1,
    'spark-gas-stove': 1,
  }),
  acme('paraphrase', 'chop wood', { 'forest-axe': 3, hatchet: 3, 'birch-knife': 2 }),
  acme('paraphrase', 'shorts for swimming', { 'trail-shorts': 3, 'switch-zip-trousers': 2 }),
  acme('paraphrase', 'warm hat for winter', { 'bobble-beanie': 3, 'watch-cap': 2 }),
  acme('paraphrase', 'sleep without a tent', {
    'bivy-shelter': 3,
    'drift-hammock': 3,
    'canopy-tarp': 3,
    'bushcraft-tarp-kit': 2,
  }),
  acme('paraphrase', 'luggage for travelling', { 'haul-duffel-60': 3, 'weekender-holdall': 3 }),
  acme('other language', 'Zelt', {
    'ridge-dome-tent': 3,
    'longhouse-tunnel-tent': 3,
    'hearth-tipi': 3,
    'scout-solo-tent': 3,
    'bivy-shelter': 2,
  }),
  acme('other language', 'Schlafsack', {
    'ember-sleeping-bag': 3,
    'tarn-sleeping-bag': 3,
    'polar-night-bag': 3,
    'kit-kids-sleeping-bag': 3,
  }),

  fjord('words', 'spisestol i eik', {
    'vik-spisestol': 3,
    'nes-pinnestol': 2,
    'vik-armstol': 2,
    'skjell-stol': 1,
  }),
  fjord('words', 'gulvlampe', { 'hegre-gulvlampe': 3, 'trefot-gulvlampe': 3, 'rak-gulvlampe': 3 }),
  fjord('words', 'pledd ull', { 'seter-pledd': 3, 'mose-pledd': 3, 'ute-pledd': 3, 'aker-teppe': 1 }),
  fjord('words', 'hjemmekontor', {
    'brygge-skrivebord': 3,
    'vegg-skrivebord': 3,
    'lund-skrivebordsstol': 3,
    'arbeid-bordlampe': 3,
  }),
  fjord('words', 'lenestol', { 'fjell-lenestol': 3, 'havn-lenestol': 3, 'hage-lounge': 3 }),
  fjord('slip', 'spiseboord', { langbord: 3, 'rund-spisebord': 3 }),
  fjord('slip', 'lysstake', { 'kveld-lysestake': 3, 'advent-lysestake': 3 }),
  fjord('slip', 'sovesoffa', {
    'natt-sovesofa': 3,
    'ro-daybed': 2,
    'bre-sofa-2': 1,
    'bre-sofa-3': 1,
    'stue-sofa': 1,
  }),
  fjord('paraphrase', 'taklampe', {
    'fyr-pendel': 3,
    'lag-pendel': 3,
    'maneskinn-pendel': 3,
    'siv-pendel': 3,
    'fyr-pendel-mini': 3,
  }),
  fjord('paraphrase', 'kontorstol', { 'lund-skrivebordsstol': 3, 'vik-spisestol': 1 }),
  fjord('paraphrase', 'seng til gjester', { 'natt-sovesofa': 3, 'ro-daybed': 3, 'dal-seng': 2 }),
  fjord('paraphrase', 'stoler til hagen', {
    'svaberg-stol': 3,
    'hage-lounge': 3,
    'svaberg-krakk': 2,
    'fjord-gulvpute': 2,
  }),
  fjord('paraphrase', 'henge opp jakker i gangen', { 'grein-stumtjener': 3, 'grein-barn': 3 }),
  fjord('other language', 'sofa for three', {
    'bre-sofa-3': 3,
    'bre-sofa-2': 2,
    'stue-sofa': 2,
    'natt-sovesofa': 2,
  }),

  sakura('words', '煎茶', {
    'sencha-asatsuyu': 3,
    'sencha-yabukita': 3,
    'sencha-saemidori': 3,
    'sakura-sencha': 3,
    'yuzu-sencha': 3,
    'mizudashi-sencha': 3,
    'shincha-2026': 3,
  }),
  sakura('words', '抹茶碗', { 'chawan-ohi': 3, 'chawan-hagi': 3, 'chawan-kuro': 3, 'chawan-hana': 3 }),
  sakura('words', '静岡のお茶', { 'sencha-asatsuyu': 3, 'sencha-yabukita': 3, 'shincha-2026': 3 }),
  sakura('words', '有田焼', { 'yunomi-seigaiha': 3, 'soba-choko': 3, 'nanasun-zara': 3 }),
  sakura('words', '低カフェイン', { 'hojicha-kaga': 3, 'hojicha-deep': 3 }),
  sakura('slip', 'ほうじちゃ', { 'hojicha-kaga': 3, 'hojicha-deep': 3 }),
  sakura('slip', '湯呑み', {
    'yunomi-namagake': 3,
    'yunomi-seigaiha': 3,
    'yunomi-sakura': 3,
    'meoto-yunomi': 3,
    'guinomi-set': 1,
    'soba-choko': 1,
  }),
  sakura('paraphrase', '紅茶の葉', { 'wakoucha-benifuki': 3 }),
  sakura('paraphrase', '結婚のプレゼント', { 'meoto-yunomi': 3, 'ocha-gift-2': 1, 'kyusu-gift': 1 }),
  sakura('paraphrase', 'ラーメンの器', { 'ramen-bowl': 3, chuubachi: 1, kobachi: 1 }),
  sakura('paraphrase', '甘いお菓子', { yokan: 3, 'nerikiri-set': 3 }),
  sakura('paraphrase', 'お湯を沸かす道具', { 'tetsubin-arare': 3, tetsukyusu: 1 }),
  sakura('other language', 'matcha set', {
    'matcha-starter': 3,
    'matcha-uji-ceremonial': 1,
    'matcha-daily': 1,
  }),
];
