/** Pictures for the furniture and lighting shop: wood, wool, steel and a warm bulb. */
import { dot, group, line, lit, oval, paint, path, rect, round, roundRect } from './pen.ts';
import type { Draw, Paint } from './pen.ts';

const OAK = paint('#c79d66');
const BRASS = paint('#c79a45');
const BLACK = paint('#2f3236');
const GLOW = '#ffedc0';

const legs = (d: string, p: Paint, width = 18): string =>
  line(d, p.base, width) + line(d, p.light, width / 4, ' opacity=".5" transform="translate(-4 0)"');

const chair: Draw = (p, a, o) => {
  if (o.shape === 'spindle') {
    return {
      svg:
        line('M236 800 L270 560 M566 800 L532 560', p.dark, 17) +
        line(
          'M276 560 L252 330 M330 560 L322 300 M400 560 L400 290 M470 560 L478 300 M526 560 L548 330',
          p.base,
          12,
        ) +
        line('M240 350 Q260 270 400 266 Q540 270 560 350', p.dark, 30) +
        line('M240 346 Q260 266 400 262 Q540 266 560 346', p.base, 22) +
        line('M252 700 L548 700', p.dark, 11) +
        legs('M290 800 L310 586 M510 800 L490 586', p) +
        round(
          'M212 580 Q214 548 260 546 L540 546 Q586 548 588 580 Q580 612 540 612 L260 612 Q220 612 212 580Z',
          p.light,
        ),
      shadow: { rx: 220 },
    };
  }
  if (o.shape === 'shell') {
    return {
      svg:
        legs('M300 800 L344 600 M500 800 L456 600 M228 790 L320 596 M572 790 L480 596', OAK, 16) +
        round(
          'M236 300 Q240 262 300 262 L500 262 Q560 262 564 300 L548 540 Q600 560 592 610 Q580 650 400 652 Q220 650 208 610 Q200 560 252 540Z',
          p.base,
        ) +
        path(
          'M252 540 Q400 506 548 540 Q600 560 592 610 Q580 650 400 652 Q220 650 208 610 Q200 560 252 540Z',
          p.light,
          ' opacity=".6"',
        ) +
        path('M262 296 Q264 282 300 282 L420 282 Q330 320 300 520 L270 530Z', p.light, ' opacity=".5"'),
      shadow: { rx: 220 },
    };
  }
  return {
    svg:
      legs('M236 800 L262 300 M564 800 L538 300', p) +
      line('M258 350 Q400 300 542 350', p.dark, 46) +
      line('M258 344 Q400 294 542 344', p.base, 38) +
      line('M246 690 L554 690', p.dark, 12) +
      legs('M290 800 L302 590 M510 800 L498 590', p) +
      round('M222 574 Q224 546 262 544 L538 544 Q576 546 578 574 L586 606 Q400 640 214 606Z', a.base) +
      path('M222 574 Q400 604 578 574 L586 606 Q400 640 214 606Z', a.dark, ' opacity=".5"'),
    shadow: { rx: 220 },
  };
};

const lounge: Draw = (p, a) => ({
  svg:
    legs('M210 800 L250 560 M610 800 L560 560', a, 20) +
    round('M250 250 Q256 216 310 214 L500 222 Q548 226 550 262 L560 560 L250 560Z', p.base) +
    path('M256 400 L556 400 L558 412 L256 412Z', p.dark, ' opacity=".5"') +
    round(
      'M196 580 Q200 530 250 528 L570 528 Q626 530 628 582 L620 660 Q618 690 580 690 L250 690 Q206 690 204 656Z',
      p.light,
    ) +
    path('M204 640 L622 640 L620 660 Q618 690 580 690 L250 690 Q206 690 204 656Z', p.dark, ' opacity=".45"') +
    line('M176 500 Q190 470 250 470 L290 470 M640 500 Q630 470 560 470 L530 470', a.base, 26) +
    line('M176 500 L196 800 M640 500 L622 800', a.base, 20) +
    round(
      'M310 430 Q316 400 350 400 L460 404 Q490 406 490 440 L486 520 Q480 540 450 540 L340 540 Q314 538 312 516Z',
      a.pale,
    ),
  shadow: { rx: 280 },
});

const sofa: Draw = (p, a, o) => ({
  svg:
    legs('M130 800 L140 730 M670 800 L660 730 M300 800 L300 740 M500 800 L500 740', OAK, 16) +
    round('M116 500 Q116 452 170 452 L630 452 Q684 452 684 500 L684 690 L116 690Z', p.base) +
    line(o.shape === 'three' ? 'M296 456 L296 640 M504 456 L504 640' : 'M400 456 L400 640', p.dark, 5) +
    round('M130 620 Q132 586 170 586 L630 586 Q668 586 670 620 L676 700 L124 700Z', p.light) +
    line(o.shape === 'three' ? 'M296 590 L292 690 M504 590 L508 690' : 'M400 590 L400 690', p.dark, 5) +
    round('M60 580 Q62 540 104 540 Q146 540 148 580 L148 742 L76 742 Q60 742 60 720Z', p.base) +
    round('M740 580 Q738 540 696 540 Q654 540 652 580 L652 742 L724 742 Q740 742 740 720Z', p.base) +
    path('M148 690 L652 690 L652 744 L148 744Z', p.dark) +
    group(roundRect(-62, -56, 124, 112, 20, a.base), 'translate(226 560) rotate(-10)') +
    group(roundRect(-54, -48, 108, 96, 18, a.pale), 'translate(574 566) rotate(9)'),
  shadow: { rx: 370 },
});

const stool: Draw = (p, a, o) => ({
  svg:
    o.shape === 'bar'
      ? legs('M290 800 L346 330 M510 800 L454 330 M352 796 L376 336 M448 796 L424 336', p) +
        line('M306 660 L494 660 M322 540 L478 540', p.dark, 11) +
        round(
          'M250 312 Q252 280 300 276 L500 276 Q548 280 550 312 Q540 346 400 348 Q260 346 250 312Z',
          a.base,
        ) +
        path(
          'M250 306 Q252 280 300 276 L500 276 Q548 280 550 306 Q400 336 250 306Z',
          a.light,
          ' opacity=".6"',
        )
      : legs('M246 800 L306 570 M554 800 L494 570 M400 806 L400 580', p, 22) +
        round('M206 548 L594 548 L594 568 Q580 600 400 602 Q220 600 206 568Z', p.dark) +
        oval(400, 548, 194, 42, p.light) +
        oval(400, 548, 150, 28, p.base),
  shadow: { rx: 210 },
});

const table: Draw = (p, a, o) =>
  o.shape === 'round'
    ? {
        svg:
          round('M372 560 L428 560 Q430 700 520 790 L280 790 Q370 700 372 560Z', a.base) +
          oval(400, 796, 160, 22, a.dark) +
          path('M80 520 L720 520 L720 540 Q700 592 400 594 Q100 592 80 540Z', p.dark) +
          oval(400, 520, 320, 66, p.light) +
          line('M160 510 Q400 480 640 512 M190 536 Q400 516 600 540', p.base, 5),
        shadow: { rx: 260, y: 806 },
      }
    : {
        svg:
          line('M150 770 L180 560 M650 770 L620 560', a.dark, 24) +
          legs('M96 804 L140 590 M704 804 L660 590', a, 26) +
          path('M70 560 L730 560 L730 596 L70 596Z', p.dark) +
          lit('M70 560 L150 484 L650 484 L730 560Z', p.light) +
          line('M140 540 Q400 526 660 542 M180 512 Q400 500 620 514', p.base, 5) +
          rect(70, 560, 660, 9, 0, p.base) +
          round('M372 470 Q360 512 390 526 L430 526 Q458 512 446 470Z', '#e4ded0') +
          line('M404 470 Q400 410 360 370 M410 470 Q430 420 462 404', '#77835e', 6) +
          dot(356, 364, 20, '#9aa67c') +
          dot(468, 398, 17, '#b7a25c'),
        shadow: { rx: 360, y: 804 },
      };

const coffeeTable: Draw = (p, a) => ({
  svg:
    legs('M180 800 L230 650 M620 800 L570 650 M340 806 L350 660 M460 806 L450 660', a, 18) +
    path('M110 630 L690 630 Q690 676 560 688 L240 688 Q110 676 110 630Z', p.dark) +
    path(
      'M110 630 Q120 574 280 568 L520 568 Q680 574 690 630 Q680 668 520 672 L280 672 Q120 668 110 630Z',
      p.light,
    ) +
    line('M180 624 Q400 604 620 626 M220 648 Q400 634 580 650', p.base, 5) +
    rect(270, 590, 120, 16, 3, '#6f7b80') +
    rect(282, 576, 104, 15, 3, '#d9cdb6') +
    oval(520, 604, 44, 12, '#f3efe6') +
    round('M490 570 Q490 602 506 604 L534 604 Q550 602 550 570Z', '#f3efe6'),
  shadow: { rx: 310 },
});

const sideTable: Draw = (p, a) => ({
  svg:
    line('M400 800 L400 480', a.base, 18) +
    oval(400, 796, 130, 20, a.dark) +
    oval(400, 790, 130, 20, a.base) +
    path('M220 470 L580 470 L580 488 Q560 522 400 524 Q240 522 220 488Z', p.dark) +
    oval(400, 470, 180, 40, p.light) +
    line('M400 300 Q396 380 400 440', '#77835e', 6) +
    path(
      'M400 340 Q340 320 330 262 Q394 276 400 340Z M400 320 Q450 300 462 240 Q402 254 400 320Z M400 390 Q460 376 480 320 Q416 330 400 390Z',
      '#8b9a6d',
    ) +
    round('M362 400 Q350 446 374 466 L426 466 Q450 446 438 400Z', '#eee7d9'),
  shadow: { rx: 190, y: 806 },
});

const shelf: Draw = (p, a, o) =>
  o.shape === 'wall'
    ? {
        svg:
          path('M110 540 L690 540 L690 566 L110 566Z', p.base) +
          path('M110 540 L690 540 L690 548 L110 548Z', p.light) +
          path('M110 566 L690 566 L690 590 L110 590Z', '#15121f', ' opacity=".12"') +
          line('M190 566 L190 640 L230 566 M610 566 L610 640 L570 566', a.base, 9) +
          books(180, 540, a) +
          round('M470 430 Q440 500 470 540 L530 540 Q560 500 530 430Z', '#e7dfcf') +
          line('M500 430 Q490 360 450 320 M500 430 Q520 370 560 350', '#77835e', 6) +
          dot(446, 314, 20, '#a9b48c') +
          dot(566, 346, 18, '#8b9a6d') +
          round('M590 490 L650 490 L644 540 L596 540Z', a.base),
        shadow: { rx: 0 },
      }
    : {
        svg:
          rect(186, 196, 26, 608, 4, p.dark) +
          rect(588, 196, 26, 608, 4, p.dark) +
          rect(186, 196, 9, 608, 4, p.light) +
          rect(588, 196, 9, 608, 4, p.light) +
          [236, 400, 564, 728]
            .map((y) => rect(170, y, 460, 24, 4, p.base) + rect(170, y, 460, 7, 3, p.light))
            .join('') +
          books(226, 400, a) +
          books(400, 564, paint('#8e9aa0')) +
          round('M486 330 Q470 380 490 400 L548 400 Q568 380 552 330Z', '#ece4d4') +
          round('M236 510 L330 510 L322 564 L244 564Z', a.base) +
          line('M284 510 Q270 460 240 440 M284 510 Q300 456 330 446', '#77835e', 6) +
          dot(236, 436, 18, '#8b9a6d') +
          dot(334, 442, 16, '#a9b48c') +
          roundRect(240, 650, 130, 78, 6, '#d8c7a6') +
          rect(280, 676, 50, 12, 6, '#8a744d') +
          dot(500, 690, 37, a.pale) +
          dot(490, 680, 12, '#fff'),
        shadow: { rx: 260 },
      };

function books(x: number, floor: number, p: Paint): string {
  const spines: readonly (readonly [number, number, string])[] = [
    [26, 104, p.base],
    [20, 120, '#d9cdb6'],
    [30, 96, p.dark],
    [22, 112, '#7d8790'],
    [24, 100, p.light],
  ];
  let at = x;
  return spines
    .map(([w, h, fill]) => {
      const one = rect(at, floor - h, w, h, 3, fill);
      at += w + 3;
      return one;
    })
    .join('');
}

const sideboard: Draw = (p, a) => ({
  svg:
    legs('M130 804 L146 720 M670 804 L654 720', a, 17) +
    lit('M70 470 L730 470 L730 726 L70 726Z', p.base) +
    rect(60, 456, 680, 22, 6, p.light) +
    rect(88, 494, 200, 214, 3, p.light) +
    rect(300, 494, 200, 214, 3, p.dark) +
    rect(512, 494, 200, 214, 3, p.light) +
    line(
      Array.from({ length: 9 }, (_, i) => `M${320 + i * 20} 498 L${320 + i * 20} 704`).join(' '),
      p.base,
      7,
    ) +
    dot(264, 600, 9, BRASS.base) +
    dot(536, 600, 9, BRASS.base) +
    round('M150 372 Q130 430 156 456 L214 456 Q240 430 220 372Z', a.pale) +
    line('M184 372 Q176 300 140 260 M186 372 Q200 310 236 290', '#77835e', 6) +
    dot(136, 254, 18, '#a9b48c') +
    dot(240, 284, 20, '#8b9a6d') +
    rect(520, 438, 130, 18, 3, '#6f7b80') +
    rect(534, 422, 108, 16, 3, '#d9cdb6'),
  shadow: { rx: 370 },
});

const desk: Draw = (p, a) => ({
  svg:
    line('M170 780 L200 560 M650 780 L620 560', a.dark, 18) +
    legs('M106 804 L146 580 M694 804 L654 580', a, 20) +
    lit('M90 500 L710 500 L710 590 L90 590Z', p.base) +
    rect(80, 488, 640, 20, 6, p.light) +
    rect(120, 520, 250, 54, 4, p.light) +
    rect(384, 520, 300, 54, 4, p.light) +
    rect(220, 540, 50, 10, 5, p.deep) +
    rect(508, 540, 50, 10, 5, p.deep) +
    line('M200 488 L200 380 L270 310', BLACK.base, 10) +
    path('M236 300 L300 288 L322 352 L262 358Z', a.base) +
    oval(200, 486, 44, 10, BLACK.base) +
    rect(430, 470, 140, 18, 3, '#6f7b80') +
    rect(446, 456, 110, 14, 3, '#d9cdb6'),
  shadow: { rx: 350 },
});

const pendant: Draw = (p, _a, o) => {
  const cord = line('M400 0 L400 330', BLACK.base, 6) + roundRect(382, 306, 36, 50, 8, BRASS.base);
  const glow = oval(400, 600, 330, 300, 'url(#g)');
  if (o.shape === 'globe') {
    return {
      svg:
        glow +
        cord +
        dot(400, 500, 156, p.pale) +
        dot(400, 500, 118, GLOW) +
        dot(400, 500, 156, 'url(#r)') +
        dot(346, 440, 34, '#fff'),
    };
  }
  if (o.shape === 'ribs') {
    const ribs = [-130, -88, -44, 0, 44, 88, 130]
      .map((x) => `M400 352 Q${400 + x * 1.5} 500 ${400 + x * 0.5} 668`)
      .join(' ');
    return {
      svg:
        glow +
        cord +
        path('M400 350 Q600 480 462 670 L338 670 Q200 480 400 350Z', GLOW) +
        round('M400 350 Q600 480 462 670 L338 670 Q200 480 400 350Z', `${p.pale}aa`) +
        line(ribs, p.base, 9) +
        oval(400, 670, 64, 12, p.dark) +
        rect(370, 344, 60, 22, 8, p.dark),
    };
  }
  if (o.shape === 'tiers') {
    return {
      svg:
        glow +
        cord +
        round('M350 356 L450 356 L500 420 L300 420Z', p.base) +
        path('M314 420 L486 420 L480 442 L320 442Z', GLOW) +
        round('M290 438 L510 438 L570 510 L230 510Z', p.base) +
        path('M246 510 L554 510 L544 536 L256 536Z', GLOW) +
        round('M216 532 L584 532 L640 610 L160 610Z', p.base) +
        oval(400, 610, 240, 26, p.dark) +
        oval(400, 613, 214, 18, GLOW),
    };
  }
  return {
    svg:
      glow +
      cord +
      round(
        'M366 350 L434 350 Q440 400 520 440 Q620 500 630 620 L170 620 Q180 500 280 440 Q360 400 366 350Z',
        p.base,
      ) +
      oval(400, 620, 230, 30, p.dark) +
      oval(400, 624, 204, 21, GLOW) +
      oval(400, 630, 60, 30, '#fffaf0'),
  };
};

const floorLamp: Draw = (p, _a, o) => ({
  svg:
    o.shape === 'arc'
      ? oval(580, 470, 220, 220, 'url(#g)') +
        line('M220 790 Q190 300 400 220 Q560 180 580 330', BRASS.base, 13) +
        oval(220, 796, 120, 20, BLACK.base) +
        round('M500 400 Q510 320 580 318 Q650 320 660 400Z', p.base) +
        oval(580, 402, 80, 14, GLOW)
      : oval(400, 360, 280, 260, 'url(#g)') +
        (o.shape === 'tripod'
          ? legs('M400 420 L256 802 M400 420 L544 802 M400 420 L410 790', OAK, 15)
          : line('M400 420 L400 790', BRASS.base, 12) + oval(400, 794, 116, 18, BLACK.base)) +
        path('M306 214 L494 214 L550 424 L250 424Z', GLOW) +
        round('M306 214 L494 214 L550 424 L250 424Z', `${p.light}cc`) +
        oval(400, 424, 150, 18, p.base) +
        oval(400, 214, 94, 11, '#fff6dc'),
  shadow: { rx: o.shape === 'arc' ? 160 : 190, x: o.shape === 'arc' ? 230 : 400, y: 804 },
});

const tableLamp: Draw = (p, a, o) => ({
  svg:
    oval(400, 480, 330, 300, 'url(#g)') +
    (o.shape === 'mushroom'
      ? round('M340 580 L460 580 L476 770 Q476 804 440 804 L360 804 Q324 804 324 770Z', p.base) +
        round('M190 580 Q200 390 400 384 Q600 390 610 580 Q500 612 400 612 Q300 612 190 580Z', p.light) +
        oval(400, 586, 190, 24, GLOW)
      : o.shape === 'task'
        ? line('M330 790 L330 560 L500 400', BLACK.base, 13) +
          dot(330, 560, 15, BRASS.base) +
          oval(340, 794, 120, 20, BLACK.base) +
          path('M460 430 L580 350 L640 470 L530 500Z', p.base) +
          path('M530 500 L640 470 L648 486 L536 518Z', GLOW)
        : round('M400 610 Q500 640 484 740 Q470 804 400 804 Q330 804 316 740 Q300 640 400 610Z', a.base) +
          rect(386, 560, 28, 60, 6, BRASS.base) +
          path('M296 366 L504 366 L566 580 L234 580Z', GLOW) +
          round('M296 366 L504 366 L566 580 L234 580Z', `${p.light}bb`) +
          oval(400, 580, 166, 18, p.base)),
  shadow: { rx: 180, y: 806 },
});

const wallLamp: Draw = (p) => ({
  svg:
    oval(430, 480, 320, 320, 'url(#g)') +
    roundRect(220, 380, 64, 250, 30, BRASS.base) +
    line('M250 500 L400 500 L400 450', BRASS.dark, 12) +
    dot(440, 440, 122, p.pale) +
    dot(440, 440, 90, GLOW) +
    dot(440, 440, 122, 'url(#r)') +
    dot(398, 396, 26, '#fff'),
});

const mirror: Draw = (p, a, o) => ({
  svg:
    o.shape === 'arch'
      ? path('M220 804 L220 400 Q220 210 400 206 Q580 210 580 400 L580 804Z', p.dark) +
        path('M240 786 L240 404 Q240 230 400 226 Q560 230 560 404 L560 786Z', '#dfe7e8') +
        path('M240 600 L240 404 Q240 230 400 226 L420 227Z', '#f4f8f8')
      : dot(400, 480, 232, p.dark) +
        dot(400, 476, 232, p.base) +
        dot(400, 478, 206, '#dfe7e8') +
        path('M220 560 Q180 400 300 300 Q380 254 460 282Z', '#f4f8f8') +
        line('M400 246 L400 190', a.dark, 11) +
        dot(400, 186, 13, BRASS.base),
  shadow: { rx: o.shape === 'arch' ? 220 : 0 },
});

const rug: Draw = (p, a, o) => ({
  svg: group(
    lit('M110 300 L690 300 L690 760 L110 760Z', p.base) +
      (o.shape === 'stripe'
        ? [340, 420, 500, 580, 660].map((y) => rect(110, y, 580, 34, 0, p.light)).join('')
        : line('M140 340 L660 340 L660 720 L140 720Z', a.base, 9) +
          path('M400 390 L560 530 L400 670 L240 530Z', p.light) +
          path('M400 440 L504 530 L400 620 L296 530Z', a.base) +
          path('M400 486 L450 530 L400 574 L350 530Z', p.pale)) +
      line(
        Array.from({ length: 24 }, (_, i) => `M${122 + i * 24} 300 v-26 M${122 + i * 24} 760 v26`).join(''),
        p.pale,
        6,
      ),
    'translate(0 60)',
  ),
  shadow: { rx: 320, y: 846 },
});

const throwBlanket: Draw = (p, a) => ({
  svg:
    round(
      'M170 620 Q170 570 230 570 L570 570 Q630 570 630 620 L630 690 Q630 710 600 710 L200 710 Q170 710 170 690Z',
      p.base,
    ) +
    round(
      'M160 720 Q160 690 210 690 L590 690 Q640 690 640 720 L640 780 Q640 804 600 804 L200 804 Q160 804 160 780Z',
      p.dark,
    ) +
    path('M300 570 L420 570 L440 800 Q400 830 290 806Z', a.base, ' opacity=".85"') +
    line(
      'M196 604 L604 604 M196 640 L604 640 M196 676 L604 676 M190 738 L610 738 M190 770 L610 770',
      p.light,
      5,
      ' opacity=".7"',
    ) +
    line('M300 806 v30 M324 808 v30 M348 810 v30 M372 812 v28 M396 812 v26 M420 806 v28', a.dark, 6),
  shadow: { rx: 300, y: 812 },
});

const vase: Draw = (p, _a, o) => ({
  svg:
    line('M400 470 Q390 330 320 200 M400 470 Q420 320 490 220 M404 470 Q470 380 540 350', '#8a7a58', 7) +
    [
      [320, 196],
      [306, 246],
      [342, 268],
      [490, 216],
      [474, 270],
      [510, 262],
      [544, 346],
      [500, 368],
    ]
      .map(([x = 0, y = 0], i) => oval(x, y, 17, 27, i % 2 ? '#b9a878' : '#d2c39a'))
      .join('') +
    (o.shape === 'ring'
      ? round(
          'M366 440 L434 440 L438 500 Q580 530 580 660 Q580 800 400 804 Q220 800 220 660 Q220 530 362 500Z',
          p.base,
        ) +
        dot(400, 656, 70, '#ece9e2') +
        oval(400, 440, 34, 9, p.deep)
      : round(
          'M350 440 L450 440 Q452 520 520 580 Q570 640 540 740 Q524 804 470 804 L330 804 Q276 804 260 740 Q230 640 280 580 Q348 520 350 440Z',
          p.base,
        ) +
        oval(400, 440, 50, 11, p.deep) +
        line('M272 620 Q400 660 528 620 M254 660 Q400 700 546 660 M254 700 Q400 740 546 700', p.light, 5)),
  shadow: { rx: 190 },
});

const clock: Draw = (p, a) => ({
  svg:
    dot(400, 480, 236, p.dark) +
    dot(400, 474, 236, p.base) +
    dot(400, 474, 206, '#f7f3ea') +
    line('M400 296 L400 324 M400 624 L400 652 M222 474 L250 474 M550 474 L578 474', BLACK.base, 9) +
    line('M400 474 L400 352', BLACK.base, 11) +
    line('M400 474 L490 526', BLACK.base, 11) +
    line('M400 510 L400 320', a.base, 4) +
    dot(400, 474, 13, a.base),
});

const rack: Draw = (p, a) => ({
  svg:
    legs('M400 230 L400 760', p, 20) +
    legs('M400 700 L270 804 M400 700 L530 804 M400 720 L400 806', p, 16) +
    line('M400 270 L310 220 M400 270 L490 220 M400 350 L320 306 M400 350 L480 306', p.dark, 15) +
    dot(310, 218, 14, a.base) +
    dot(490, 218, 14, a.base) +
    dot(320, 304, 14, a.base) +
    dot(480, 304, 14, a.base) +
    path('M484 312 Q560 340 572 420 L590 640 Q540 664 500 640 L482 420Z', a.base) +
    path('M484 312 Q520 350 524 650 Q512 650 500 640 L482 420Z', a.dark),
  shadow: { rx: 180, y: 806 },
});

const candle: Draw = (p, a) => ({
  svg:
    oval(400, 320, 220, 220, 'url(#g)') +
    [
      [280, 500, 300],
      [400, 420, 220],
      [520, 540, 340],
    ]
      .map(
        ([x = 0, y = 0, top = 0]) =>
          roundRect(x - 17, top + 40, 34, y - top - 30, 6, '#f5efe0') +
          path(
            `M${x} ${top - 16} Q${x + 22} ${top + 22} ${x} ${top + 34} Q${x - 22} ${top + 22} ${x} ${top - 16}Z`,
            '#f4b44a',
          ) +
          roundRect(x - 30, y, 60, 30, 8, p.light) +
          line(`M${x} ${y + 26} L${x} 770`, p.base, 15),
      )
      .join('') +
    round('M190 770 L610 770 Q624 804 590 806 L210 806 Q176 804 190 770Z', p.dark) +
    rect(186, 764, 428, 12, 6, a.base),
  shadow: { rx: 250, y: 808 },
});

const bed: Draw = (p, a) => ({
  svg:
    lit('M96 400 Q96 370 130 370 L670 370 Q704 370 704 400 L704 640 L96 640Z', p.base) +
    legs('M120 800 L120 740 M680 800 L680 740', p, 22) +
    roundRect(160, 480, 220, 110, 36, '#f7f3ea') +
    roundRect(420, 480, 220, 110, 36, '#f7f3ea') +
    round('M80 600 Q84 560 140 560 L660 560 Q716 560 720 600 L740 740 L60 740Z', a.pale) +
    path('M72 660 Q240 620 400 664 Q560 700 728 650 L740 740 L60 740Z', a.base) +
    lit('M56 720 L744 720 L744 764 L56 764Z', p.dark),
  shadow: { rx: 380 },
});

/** Product type to its drawing. */
export const HOME: Readonly<Record<string, Draw>> = {
  chair,
  lounge,
  sofa,
  stool,
  table,
  coffeeTable,
  sideTable,
  shelf,
  sideboard,
  desk,
  pendant,
  floorLamp,
  tableLamp,
  wallLamp,
  mirror,
  rug,
  throwBlanket,
  vase,
  clock,
  rack,
  candle,
  bed,
};

/** A panelled wall with window light on a wooden floor: the second picture of each. */
export function room(wall: string, floor: string, trim: string): string {
  return (
    rect(0, 0, 800, 1000, 0, wall) +
    path(
      'M470 0 L640 0 L440 760 L230 760Z M670 0 L800 0 L800 130 L630 760 L470 760Z',
      '#fffdf5',
      ' opacity=".35"',
    ) +
    rect(0, 736, 800, 26, 0, trim) +
    lit('M0 762 L800 762 L800 1000 L0 1000Z', floor) +
    line(
      'M0 830 L800 830 M0 910 L800 910 M150 762 L110 830 M520 762 L540 830 M320 830 L290 910 M660 830 L690 910 M120 910 L80 1000 M480 910 L490 1000',
      paint(floor).dark,
      3,
      ' opacity=".35"',
    )
  );
}
