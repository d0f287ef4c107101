/** Pictures for the tea and ceramics shop: leaves in tins, pots, cups, and the table they stand on. */
import {
  GROUND,
  blossom,
  dot,
  group,
  line,
  lit,
  oval,
  paint,
  path,
  rect,
  round,
  roundRect,
  scaled,
} from './pen.ts';
import type { Draw, Paint } from './pen.ts';

const BAMBOO = paint('#d8bc82');
const IRON = paint('#3b3d42');
const WOOD = paint('#8a5a3c');
const LIQUOR = '#a9b45a';

/** Two leaves and a bud, the mark of the shop. */
const sprig = (x: number, y: number, size: number, fill: string): string =>
  group(
    path(
      'M0 0 Q-52 -18 -60 -74 Q-6 -62 0 0Z M0 0 Q52 -18 60 -74 Q6 -62 0 0Z M0 0 Q-17 -60 0 -112 Q17 -60 0 0Z',
      fill,
    ),
    `translate(${x} ${y}) scale(${size})`,
  );

/** The glaze that ran: a lighter band with drops. */
const glaze = (d: string, p: Paint): string => path(d, p.pale, ' opacity=".85"');

const tin: Draw = (p, a, o) => ({
  svg: scaled(
    round('M266 420 L534 420 L534 776 Q534 804 506 804 L294 804 Q266 804 266 776Z', p.base) +
      path('M266 520 L534 520 L534 700 L266 700Z', '#f7f1e3') +
      path('M266 520 L534 520 L534 530 L266 530Z M266 690 L534 690 L534 700 L266 700Z', a.base) +
      path('M266 420 L534 420 L534 804 L266 804Z', 'url(#r)', ' opacity=".5"') +
      sprig(400, 668, 0.9, p.base) +
      round('M258 330 Q258 306 284 306 L516 306 Q542 306 542 330 L542 436 L258 436Z', p.dark) +
      oval(400, 318, 126, 15, p.light) +
      rect(258, 420, 284, 9, 0, a.base),
    o.scale ?? 1,
  ),
  shadow: { rx: 200 },
});

const pouch: Draw = (p, a) => ({
  svg:
    round(
      'M236 330 Q400 318 564 330 Q546 540 578 776 Q580 804 548 804 L252 804 Q220 804 222 776 Q254 540 236 330Z',
      p.base,
    ) +
    path('M232 284 L568 284 L564 346 Q400 334 236 346Z', p.dark) +
    line('M240 316 L560 316', p.light, 4, ' stroke-dasharray="3 13"') +
    roundRect(306, 420, 188, 270, 8, '#f7f1e3') +
    dot(400, 520, 58, a.pale) +
    sprig(400, 566, 0.72, p.base) +
    rect(346, 606, 108, 8, 4, p.dark) +
    rect(366, 632, 68, 8, 4, p.light) +
    rect(380, 656, 40, 8, 4, a.base),
  shadow: { rx: 220 },
});

const giftbox: Draw = (p, a) => ({
  svg:
    lit('M140 560 L660 560 L660 782 Q660 804 638 804 L162 804 Q140 804 140 782Z', p.base) +
    lit('M118 478 Q118 460 136 460 L664 460 Q682 460 682 478 L682 574 L118 574Z', p.light) +
    rect(364, 460, 72, 344, 0, a.base) +
    path('M400 470 Q300 350 250 412 Q240 468 400 470Z M400 470 Q500 350 550 412 Q560 468 400 470Z', a.dark) +
    path('M400 470 Q330 398 286 426 Q288 460 400 470Z M400 470 Q470 398 514 426 Q512 460 400 470Z', a.light) +
    roundRect(372, 444, 56, 50, 14, a.base) +
    sprig(240, 720, 0.7, p.pale) +
    line('M520 700 q22 -24 44 0 t44 0 M520 728 q22 -24 44 0 t44 0', p.pale, 6),
  shadow: { rx: 330 },
});

const kyusu: Draw = (p, a, o) => ({
  svg: scaled(
    round('M560 600 L706 520 Q734 512 742 540 Q746 562 722 574 L580 660Z', p.dark) +
      path('M232 600 Q150 590 118 510 L160 494 Q190 552 262 552Z', p.dark) +
      round(
        'M206 640 Q206 520 400 516 Q594 520 594 640 Q594 760 500 790 Q400 812 300 790 Q206 760 206 640Z',
        p.base,
      ) +
      path(
        'M206 632 Q206 520 400 516 Q594 520 594 632 Q560 690 520 640 Q480 610 452 668 Q420 712 388 656 Q340 600 300 664 Q250 700 206 632Z',
        p.light,
        ' opacity=".55"',
      ) +
      path('M276 530 Q280 496 400 492 Q520 496 524 530 Q400 562 276 530Z', p.light) +
      path('M276 530 Q400 562 524 530 L522 542 Q400 572 278 542Z', p.dark) +
      roundRect(372, 450, 56, 48, 22, a.base) +
      oval(400, 798, 100, 12, p.dark),
    o.scale ?? 1,
  ),
  shadow: { rx: 260, y: 804 },
});

const dobin: Draw = (p, a) => ({
  svg:
    line('M240 520 Q250 300 400 296 Q550 300 560 520', BAMBOO.dark, 24) +
    line('M240 520 Q250 300 400 296 Q550 300 560 520', BAMBOO.base, 15) +
    line('M318 322 L332 346 M400 286 L400 308 M482 322 L468 346', BAMBOO.deep, 7) +
    path('M240 620 Q150 620 120 520 L166 508 Q196 570 270 560Z', p.dark) +
    round('M214 640 Q220 510 400 504 Q580 510 586 640 Q586 770 490 796 L310 796 Q214 770 214 640Z', p.base) +
    glaze(
      'M222 596 Q250 510 400 504 Q550 510 578 596 Q500 640 470 596 Q440 560 400 628 Q372 660 340 600 Q300 560 222 596Z',
      p,
    ) +
    path('M290 516 Q296 480 400 476 Q504 480 510 516 Q400 544 290 516Z', p.dark) +
    roundRect(374, 438, 52, 44, 20, a.base) +
    rect(310, 790, 180, 16, 6, p.deep),
  shadow: { rx: 250, y: 806 },
});

const tetsubin: Draw = (p, a) => ({
  svg:
    line('M236 540 Q230 300 400 296 Q570 300 564 540', IRON.deep, 24) +
    line('M242 500 Q242 312 400 306', IRON.light, 6, ' opacity=".5"') +
    path('M226 640 Q150 620 112 556 L142 520 Q190 560 256 566Z', p.dark) +
    round('M196 660 Q196 540 400 534 Q604 540 604 660 Q604 760 510 796 L290 796 Q196 760 196 660Z', p.base) +
    line(
      'M230 618 Q400 596 570 618 M222 654 Q400 634 580 654 M228 690 Q400 672 574 690 M244 726 Q400 710 560 726',
      p.light,
      15,
      ' stroke-dasharray="0 33.5"',
    ) +
    path('M282 548 Q288 514 400 510 Q512 514 518 548 Q400 578 282 548Z', p.light) +
    roundRect(374, 468, 52, 48, 20, a.base) +
    path('M300 790 L330 806 L470 806 L500 790Z', p.deep),
  shadow: { rx: 260, y: 808 },
});

const yunomi: Draw = (p, a, o) => ({
  svg: scaled(
    round('M286 470 Q286 700 306 770 Q314 804 350 804 L450 804 Q486 804 494 770 Q514 700 514 470Z', p.base) +
      oval(400, 470, 114, 26, p.pale) +
      oval(400, 476, 100, 20, LIQUOR) +
      (o.shape === 'wave'
        ? line(
            'M290 600 q28 -34 56 0 t56 0 t56 0 t54 0 M292 640 q28 -34 56 0 t56 0 t56 0 t52 0 M296 680 q28 -34 54 0 t54 0 t54 0 t42 0',
            a.light,
            8,
          )
        : o.shape === 'blossom'
          ? [
              [350, 590],
              [448, 640],
              [372, 700],
            ]
              .map(([x = 0, y = 0]) => blossom(x, y, 1, a))
              .join('')
          : glaze(
              'M286 480 Q400 520 514 480 L512 560 Q480 640 450 570 Q420 540 396 620 Q366 680 344 590 Q320 550 288 600Z',
              p,
            )) +
      path('M286 474 Q400 520 514 474 L514 488 Q400 532 286 488Z', p.light, ' opacity=".6"') +
      rect(342, 798, 116, 12, 5, p.deep),
    o.scale ?? 1,
  ),
  shadow: { rx: 160, y: 808 },
});

const chawan: Draw = (p, a, o) => ({
  svg:
    round('M178 540 Q186 700 290 776 L510 776 Q614 700 622 540Z', p.base) +
    oval(400, 540, 222, 54, p.dark) +
    oval(400, 552, 192, 40, '#7f9a45') +
    oval(390, 548, 130, 24, '#9db65c') +
    dot(330, 548, 8, '#c4d38c') +
    dot(430, 560, 6, '#c4d38c') +
    dot(372, 562, 5, '#c4d38c') +
    (o.shape === 'blossom'
      ? blossom(270, 664, 1.2, a) + blossom(388, 720, 1, a) + blossom(510, 656, 1.3, a)
      : glaze(
          'M180 560 Q220 604 300 600 Q340 690 372 640 Q420 590 460 680 Q500 720 520 610 Q590 600 620 560 Q610 650 580 690 Q540 660 520 730 Q470 770 440 720 Q400 690 370 736 Q310 750 290 690 Q240 690 214 660 Q190 610 180 560Z',
          p,
        )) +
    path('M300 776 L316 806 L484 806 L500 776Z', p.deep),
  shadow: { rx: 210, y: 808 },
});

const plate: Draw = (p, a, o) => ({
  svg: group(
    dot(400, 560, 262, p.dark) +
      dot(400, 552, 262, p.base) +
      dot(400, 552, 262, 'url(#r)') +
      dot(400, 552, 206, p.light) +
      (o.shape === 'wave'
        ? line(
            'M250 520 q38 -46 76 0 t76 0 t76 0 t68 0 M236 566 q38 -46 76 0 t76 0 t76 0 t84 0 M250 612 q38 -46 76 0 t76 0 t76 0 t68 0',
            a.base,
            9,
          )
        : o.shape === 'blossom'
          ? line('M262 660 Q360 560 546 470', WOOD.base, 9) +
            blossom(340, 592, 1.6, a) +
            blossom(430, 520, 1.9, a) +
            blossom(520, 484, 1.3, a) +
            blossom(470, 610, 1.1, a)
          : oval(400, 552, 130, 130, p.pale) +
            line(
              'M330 500 Q400 450 478 500 Q520 580 450 640 Q360 660 336 590 Q350 530 420 540',
              p.base,
              8,
              ' opacity=".6"',
            )) +
      line('M176 470 Q230 330 400 306', p.pale, 9, ' opacity=".6"'),
    'translate(0 10)',
  ),
  shadow: { rx: 270, y: 826 },
});

const bowl: Draw = (p, a, o) => ({
  svg: scaled(
    round('M150 560 Q180 760 310 780 L490 780 Q620 760 650 560Z', p.base) +
      oval(400, 560, 250, 62, p.light) +
      oval(400, 570, 226, 48, p.pale) +
      oval(400, 586, 170, 28, '#fdfaf2') +
      (o.shape === 'wave'
        ? line(
            'M196 680 q34 -40 68 0 t68 0 t68 0 t68 0 t68 0 t64 0 M236 726 q34 -40 66 0 t66 0 t66 0 t66 0 t62 0',
            a.base,
            8,
          )
        : line('M168 640 Q400 716 632 640 M186 680 Q400 752 614 680', a.base, 8)) +
      path('M310 780 L322 806 L478 806 L490 780Z', p.dark),
    o.scale ?? 1,
  ),
  shadow: { rx: 220, y: 808 },
});

const tray: Draw = (p, a, o) => ({
  svg:
    (o.shape === 'round'
      ? oval(400, 690, 330, 128, p.deep) +
        oval(400, 676, 330, 128, p.base) +
        oval(400, 680, 296, 106, p.dark) +
        oval(400, 688, 290, 100, p.light)
      : lit('M96 620 L704 620 L744 786 Q748 804 728 804 L72 804 Q52 804 56 786Z', p.base) +
        path('M126 638 L674 638 L702 772 L98 772Z', p.dark) +
        path('M130 646 L670 646 L694 772 L106 772Z', p.light) +
        line('M150 690 Q400 676 650 690 M136 726 Q400 712 664 726', p.base, 4)) +
    group(
      round('M330 560 Q330 650 346 676 L454 676 Q470 650 470 560Z', a.base) +
        oval(400, 560, 70, 17, a.pale) +
        oval(400, 564, 60, 12, LIQUOR),
      'translate(40 20)',
    ) +
    line(
      'M396 512 Q380 480 402 452 Q422 424 404 396 M456 512 Q440 480 462 452',
      '#fffdf6',
      9,
      ' opacity=".7"',
    ) +
    group(
      oval(0, 0, 54, 13, a.dark) + dot(-16, -17, 22, '#f0b9c4') + dot(18, -15, 20, '#b9cf8b'),
      'translate(262 706)',
    ),
  shadow: { rx: 350, y: 806 },
});

const chasen: Draw = () => {
  const tines = Array.from({ length: 17 }, (_, at) => {
    const lean = (at - 8) * 14;
    return `M${400 + lean * 0.42} 560 Q${400 + lean * 1.25} 440 ${400 + lean} 330`;
  });
  return {
    svg:
      line(tines.join(' '), BAMBOO.base, 7) +
      line('M340 500 Q400 520 460 500 M344 520 Q400 540 456 520', '#2f3040', 5) +
      round('M346 556 L454 556 L446 600 L450 800 Q400 812 350 800 L354 600Z', BAMBOO.base) +
      path('M352 640 L448 640 L448 652 L352 652Z', BAMBOO.dark) +
      oval(400, 556, 54, 12, BAMBOO.dark),
    shadow: { rx: 130, y: 804 },
  };
};

const chashaku: Draw = (p) => ({
  svg: group(
    round(
      'M150 560 Q126 540 150 520 Q210 506 270 540 L660 566 Q676 574 660 584 L270 572 Q200 590 150 560Z',
      BAMBOO.base,
    ) +
      path('M166 550 Q156 540 172 532 Q220 526 262 546Z', p.base) +
      line('M452 552 L452 580', BAMBOO.deep, 9),
    'rotate(-24 400 560) translate(0 90)',
  ),
  shadow: { rx: 240, y: 780 },
});

const vase: Draw = (p, a, o) => ({
  svg:
    o.shape === 'tall'
      ? line('M400 430 Q380 300 300 170 M396 380 Q440 280 520 230 M352 270 Q300 250 260 260', WOOD.base, 9) +
        blossom(300, 170, 1.7, a) +
        blossom(520, 228, 1.9, a) +
        blossom(262, 262, 1.4, a) +
        blossom(352, 268, 1.5, a) +
        blossom(448, 300, 1.2, a) +
        round(
          'M364 420 Q372 500 330 600 Q290 720 330 804 L470 804 Q510 720 470 600 Q428 500 436 420Z',
          p.base,
        ) +
        oval(400, 420, 36, 11, p.deep) +
        glaze(
          'M362 450 L438 450 Q440 520 462 580 Q440 640 420 590 Q400 560 384 640 Q352 650 338 582 Q362 520 362 450Z',
          p,
        )
      : line('M400 520 Q396 360 350 240 M400 480 Q440 380 470 330', '#6f7f4e', 8) +
        path(
          'M350 300 Q280 290 256 230 Q330 226 350 300Z M446 372 Q520 352 546 290 Q466 296 446 372Z',
          '#87975c',
        ) +
        blossom(348, 226, 2.1, a) +
        blossom(474, 322, 1.7, a) +
        round(
          'M358 510 Q352 550 290 590 Q220 640 236 720 Q250 804 330 804 L470 804 Q550 804 564 720 Q580 640 510 590 Q448 550 442 510Z',
          p.base,
        ) +
        oval(400, 510, 42, 12, p.deep) +
        glaze(
          'M244 680 Q300 640 350 690 Q400 740 450 680 Q500 640 556 680 Q560 620 508 590 Q400 560 292 590 Q240 626 244 680Z',
          p,
        ),
  shadow: { rx: 180 },
});

const wagashi: Draw = (p, a) => ({
  svg:
    oval(400, 742, 300, 74, '#d9d2c4') +
    oval(400, 730, 300, 74, '#f7f2e8') +
    oval(400, 730, 250, 54, '#ece5d6') +
    round('M166 690 Q170 590 260 588 Q350 592 352 690 Q330 736 260 738 Q190 736 166 690Z', p.base) +
    blossom(258, 632, 1.5, a) +
    round('M330 716 Q334 604 430 600 Q526 604 530 716 Q500 764 430 766 Q356 764 330 716Z', a.light) +
    path(
      'M430 600 Q380 660 392 760 M430 600 Q480 660 470 760',
      'none',
      ` stroke="${a.base}" stroke-width="6"`,
    ) +
    dot(430, 612, 14, '#e9c46a') +
    round('M512 690 Q516 600 586 598 Q654 602 656 690 Q640 724 586 726 Q530 724 512 690Z', '#b3c787') +
    path('M552 628 Q590 600 620 640 Q586 656 552 628Z', '#869e58'),
  shadow: { rx: 320, y: 806 },
});

const cloth: Draw = (p, a, o) => ({
  svg:
    lit('M170 330 L630 330 L630 800 Q400 826 170 800Z', p.base) +
    (o.shape === 'wave'
      ? line(
          'M170 430 q38 -46 76 0 t76 0 t76 0 t76 0 t78 0 t78 0 M170 510 q38 -46 76 0 t76 0 t76 0 t76 0 t78 0 t78 0 M170 590 q38 -46 76 0 t76 0 t76 0 t76 0 t78 0 t78 0 M170 670 q38 -46 76 0 t76 0 t76 0 t76 0 t78 0 t78 0'.replaceAll(
            ' t78 0 t78 0',
            ' t80 0',
          ),
          p.pale,
          9,
        )
      : [
          [250, 440],
          [390, 410],
          [540, 460],
          [310, 560],
          [460, 560],
          [570, 620],
          [250, 680],
          [410, 690],
          [530, 740],
        ]
          .map(([x = 0, y = 0], at) => blossom(x, y, at % 2 ? 1.3 : 1.7, a))
          .join('')) +
    path('M170 330 L630 330 L630 352 L170 352Z', p.dark, ' opacity=".5"') +
    path('M400 330 L630 330 L630 800 Q560 810 470 812 Q430 600 400 330Z', p.deep, ' opacity=".14"'),
  shadow: { rx: 250, y: 812 },
});

const caddy: Draw = (p, a) => ({
  svg:
    round('M286 470 L514 470 L514 780 Q514 804 490 804 L310 804 Q286 804 286 780Z', p.base) +
    line(
      'M304 530 L470 526 M330 566 L496 570 M300 612 L440 608 M350 648 L500 652 M304 700 L452 696 M340 742 L496 746',
      p.deep,
      7,
      ' opacity=".6"',
    ) +
    line(
      'M340 546 L420 545 M380 590 L470 591 M330 674 L400 673 M410 722 L480 723',
      a.light,
      5,
      ' opacity=".7"',
    ) +
    round('M280 360 Q280 340 302 340 L498 340 Q520 340 520 360 L520 480 L280 480Z', p.dark) +
    oval(400, 350, 106, 13, p.light) +
    rect(280, 470, 240, 8, 0, p.deep),
  shadow: { rx: 170 },
});

const cupset: Draw = (p, a) => {
  const cup = (q: Paint): string =>
    round('M320 620 Q322 760 344 798 Q350 804 372 804 L428 804 Q450 804 456 798 Q478 760 480 620Z', q.base) +
    oval(400, 620, 80, 19, q.pale) +
    oval(400, 625, 68, 14, LIQUOR) +
    path('M322 664 Q400 696 478 664 L476 706 Q400 736 324 706Z', q.pale, ' opacity=".55"');
  return {
    svg:
      group(cup(a), 'translate(-150 -20)') +
      group(cup(p), 'translate(150 -20)') +
      group(cup(paint('#e9e0cd')), 'translate(0 24)'),
    shadow: { rx: 290, y: 812 },
  };
};

const katakuchi: Draw = (p, a) => ({
  svg:
    path('M580 570 L690 540 Q660 620 590 650Z', p.dark) +
    round('M190 570 Q200 740 310 782 L490 782 Q600 740 610 570Z', p.base) +
    oval(400, 570, 210, 50, p.light) +
    path('M570 548 L690 540 Q640 580 590 592Z', p.light) +
    oval(400, 580, 186, 38, a.pale) +
    glaze(
      'M196 610 Q260 660 320 630 Q360 700 400 650 Q450 610 500 690 Q560 660 604 610 Q590 690 560 726 Q500 760 470 716 Q420 690 390 740 Q330 750 300 706 Q240 700 220 680Z',
      p,
    ) +
    path('M312 782 L322 806 L478 806 L488 782Z', p.deep),
  shadow: { rx: 210, y: 808 },
});

const incense: Draw = (p, a) => ({
  svg:
    line('M420 710 Q440 500 424 330', '#7a5a44', 8) +
    dot(424, 328, 9, '#e8743b') +
    line('M424 310 Q390 270 424 226 Q460 180 424 130', '#ffffff', 10, ' opacity=".65"') +
    round('M220 720 Q224 790 300 804 L500 804 Q576 790 580 720Z', p.base) +
    oval(400, 720, 180, 40, p.light) +
    oval(400, 726, 156, 30, '#d9d0bd') +
    oval(420, 722, 14, 7, a.base) +
    line('M246 764 Q400 800 554 764', a.base, 7),
  shadow: { rx: 210, y: 806 },
});

/** Product type to its drawing. */
export const TEA: Readonly<Record<string, Draw>> = {
  tin,
  pouch,
  giftbox,
  kyusu,
  dobin,
  tetsubin,
  yunomi,
  chawan,
  plate,
  bowl,
  tray,
  chasen,
  chashaku,
  vase,
  wagashi,
  cloth,
  caddy,
  cupset,
  katakuchi,
  incense,
};

/** A round window on a paper wall, a branch before it: the second picture of each. */
export function roundWindow(wall: string, view: string, table: string, blossomColour: string): string {
  const p = paint(blossomColour);
  return (
    rect(0, 0, 800, 1000, 0, wall) +
    dot(400, 400, 318, '#fffdf8') +
    dot(400, 400, 300, view) +
    path(
      'M118 500 Q250 400 360 480 Q470 540 690 460 A300 300 0 0 1 130 530Z',
      paint(view).dark,
      ' opacity=".5"',
    ) +
    dot(510, 270, 60, '#fff8ea') +
    line(
      'M90 150 Q220 170 300 240 Q350 290 440 290 M230 186 Q250 130 310 110 M330 262 Q330 320 290 350',
      '#6b4a3a',
      10,
    ) +
    [
      [300, 112],
      [440, 290],
      [292, 350],
      [250, 190],
      [362, 276],
      [180, 164],
      [322, 240],
    ]
      .map(([x = 0, y = 0], at) => blossom(x, y, at % 2 ? 1.1 : 1.5, p))
      .join('') +
    lit(`M0 ${GROUND - 60} L800 ${GROUND - 60} L800 1000 L0 1000Z`, table)
  );
}
