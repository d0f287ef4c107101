/** Pictures for the outdoor shop: tents, packs, boots and what goes into a pack. */
import { dot, group, line, lit, oval, paint, path, rect, round, roundRect, scaled } from './pen.ts';
import type { Draw } from './pen.ts';

const STEEL = paint('#b9bfc2');
const RUBBER = paint('#34363b');
const WOOD = paint('#b88a58');

const tent: Draw = (p, a, o) => {
  if (o.shape === 'tipi') {
    return {
      svg:
        line('M372 250 L430 330 M428 248 L366 340', WOOD.dark, 9) +
        round('M400 290 L700 800 Q400 830 100 800Z', p.base) +
        path('M400 290 L100 800 Q170 812 230 815Z', p.light) +
        path('M400 290 L700 800 Q640 811 585 815Z', p.dark) +
        path('M400 420 L470 822 Q400 826 330 822Z', p.deep) +
        path('M400 420 L330 822 Q290 820 262 817 Q330 640 400 420Z', p.pale) +
        path('M400 420 L470 822 Q505 820 535 817 Q470 640 400 420Z', p.light) +
        line('M120 770 L52 812 M680 770 L748 812', a.dark, 4) +
        path('M330 410 L400 290 L470 410 Q400 425 330 410Z', a.base),
      shadow: { rx: 370, y: 808 },
    };
  }
  if (o.shape === 'tunnel') {
    return {
      svg:
        round('M90 800 Q120 520 330 480 L560 500 Q690 560 720 800Z', p.base) +
        path('M330 480 Q210 520 190 800 L90 800 Q120 520 330 480Z', p.light) +
        line('M330 480 Q210 520 190 800 M450 490 Q400 560 395 800 M560 500 Q580 600 585 800', p.dark, 6) +
        path('M225 800 Q235 590 320 545 Q372 600 372 800Z', p.deep) +
        path('M225 800 Q235 590 320 545 Q290 650 268 800Z', a.base) +
        rect(448, 600, 92, 60, 22, p.pale) +
        line('M100 740 L40 808 M712 740 L768 808 M330 480 L300 430', a.dark, 4),
      shadow: { rx: 380 },
    };
  }
  return {
    svg:
      round('M95 800 Q190 420 410 400 Q620 425 705 800Z', p.base) +
      path('M410 400 Q300 500 245 800 L95 800 Q190 420 410 400Z', p.light) +
      path('M410 400 Q545 520 560 800 L705 800 Q620 425 410 400Z', p.dark) +
      path('M300 800 Q345 560 405 470 Q462 590 478 800Z', p.deep) +
      path('M300 800 Q345 560 405 470 Q380 640 352 800Z', a.base) +
      line('M410 400 Q300 500 245 800 M410 400 Q545 520 560 800', p.deep, 5, ' opacity=".55"') +
      line('M150 640 L60 806 M655 640 L745 806', a.dark, 4) +
      path('M330 424 Q410 366 492 424 Q410 452 330 424Z', a.base),
    shadow: { rx: 380 },
  };
};

const tarp: Draw = (p, a) => ({
  svg:
    line('M120 350 L120 806 M680 350 L680 806', WOOD.base, 13) +
    line('M120 360 L40 806 M680 360 L760 806', a.dark, 4) +
    round('M110 352 Q400 470 690 352 L745 590 Q400 520 55 590Z', p.base) +
    path('M110 352 Q400 470 690 352 L700 392 Q400 510 100 392Z', p.light) +
    line('M260 404 L225 546 M540 404 L575 546 M400 416 L400 532', p.dark, 4),
  shadow: { rx: 360 },
});

const hammock: Draw = (p, a) => ({
  svg:
    rect(72, 210, 56, 596, 20, WOOD.dark) +
    rect(672, 210, 56, 596, 20, WOOD.dark) +
    rect(72, 210, 22, 596, 11, WOOD.base) +
    rect(672, 210, 22, 596, 11, WOOD.base) +
    line('M118 380 L190 452 M118 400 L190 452 M682 380 L610 452 M682 400 L610 452', a.dark, 5) +
    round('M182 446 Q400 860 618 446 Q520 560 400 566 Q280 560 182 446Z', p.base) +
    path('M182 446 Q280 560 400 566 Q520 560 618 446 Q520 620 400 628 Q280 620 182 446Z', p.light) +
    line('M230 540 Q400 700 570 540', a.base, 7),
  shadow: { rx: 330 },
});

const backpack: Draw = (p, a, o) => {
  const roll = o.shape === 'roll';
  const top = roll
    ? round('M270 330 Q275 285 300 280 L500 280 Q525 285 530 330 L545 400 L255 400Z', p.dark) +
      rect(288, 262, 224, 40, 18, p.base) +
      rect(378, 250, 44, 64, 8, a.base)
    : round('M240 400 Q236 268 400 262 Q564 268 560 400 Q400 432 240 400Z', p.dark) +
      line('M360 266 Q400 214 440 266', RUBBER.base, 11);
  return {
    svg: scaled(
      round('M196 520 Q160 540 168 690 Q172 742 220 742 L240 520Z', p.dark) +
        round('M604 520 Q640 540 632 690 Q628 742 580 742 L560 520Z', p.dark) +
        round(
          'M232 380 Q216 560 226 740 Q232 802 300 804 L500 804 Q568 802 574 740 Q584 560 568 380Z',
          p.base,
        ) +
        top +
        round(
          'M276 560 Q276 530 306 530 L494 530 Q524 530 524 560 L516 728 Q512 758 480 758 L320 758 Q288 758 284 728Z',
          p.light,
        ) +
        path('M280 590 L520 590 L519 612 L281 612Z', p.dark, ' opacity=".5"') +
        line('M300 412 L300 520 M500 412 L500 520', RUBBER.base, 13) +
        rect(284, 448, 32, 36, 7, a.base) +
        rect(484, 448, 32, 36, 7, a.base) +
        rect(362, 650, 76, 46, 8, a.base) +
        line('M384 673 L398 660 L416 684', a.pale, 5) +
        line('M440 602 L462 602', a.base, 8),
      o.scale ?? 1,
    ),
    shadow: { rx: 260 * (o.scale ?? 1), y: 802 },
  };
};

const duffel: Draw = (p, a) => ({
  svg:
    line('M270 560 Q280 400 400 396 Q520 400 530 560', RUBBER.base, 18) +
    round(
      'M120 600 Q110 520 190 514 L610 514 Q690 520 680 600 L676 740 Q672 800 610 802 L190 802 Q128 800 124 740Z',
      p.base,
    ) +
    path('M120 600 Q110 520 190 514 L230 514 Q196 660 214 802 L190 802 Q128 800 124 740Z', p.dark) +
    path('M680 600 Q690 520 610 514 L570 514 Q604 660 586 802 L610 802 Q672 800 676 740Z', p.dark) +
    line('M232 548 L568 548', a.base, 9) +
    line('M270 560 L262 800 M530 560 L538 800', RUBBER.base, 18) +
    rect(340, 640, 120, 74, 12, p.light) +
    line('M372 684 L394 662 L424 700', a.base, 7),
  shadow: { rx: 330 },
});

const drybag: Draw = (p, a) => ({
  svg:
    round('M270 390 Q262 600 274 760 Q280 806 400 806 Q520 806 526 760 Q538 600 530 390Z', p.base) +
    path('M262 352 Q400 330 538 352 L534 408 Q400 430 266 408Z', p.dark) +
    rect(250, 322, 300, 44, 20, p.deep) +
    line('M258 340 Q230 260 330 276 M542 340 Q570 260 470 276', RUBBER.base, 13) +
    rect(346, 250, 108, 44, 12, a.base) +
    path('M268 690 Q400 716 532 690 L530 728 Q400 752 270 728Z', p.light) +
    line('M358 560 L392 520 L440 588', p.pale, 10),
  shadow: { rx: 190, y: 802 },
});

const sleepingBag: Draw = (p, a) => ({
  svg:
    round(
      'M280 330 Q290 214 400 208 Q510 214 520 330 L560 480 Q560 660 480 782 Q400 830 320 782 Q240 660 240 480Z',
      p.base,
    ) +
    path('M306 340 Q312 244 400 240 Q488 244 494 340 Q486 404 400 410 Q314 404 306 340Z', a.light) +
    path('M330 350 Q334 282 400 278 Q466 282 470 350 Q460 392 400 394 Q340 392 330 350Z', a.dark) +
    line(
      'M248 460 Q400 520 552 460 M242 550 Q400 606 558 550 M258 640 Q400 690 542 640 M290 722 Q400 760 510 722',
      p.dark,
      6,
    ) +
    line('M486 400 Q548 480 534 640', a.base, 8) +
    rect(524, 632, 20, 32, 6, STEEL.base),
  shadow: { rx: 210, y: 806 },
});

const mat: Draw = (p, a) => ({
  svg:
    round('M190 560 L610 560 L610 800 L190 800Z', p.base) +
    oval(610, 680, 62, 120, p.dark) +
    oval(610, 680, 44, 88, p.base) +
    oval(610, 680, 27, 56, p.dark) +
    oval(610, 680, 11, 24, p.light) +
    oval(190, 680, 62, 120, p.light) +
    path('M190 560 L610 560 L610 586 L190 586Z', p.light, ' opacity=".6"') +
    line(
      'M250 562 Q226 680 250 798 M330 560 Q306 680 330 800 M410 560 Q386 680 410 800 M490 560 Q466 680 490 800',
      p.dark,
      4,
      ' opacity=".5"',
    ) +
    line('M296 556 Q262 680 296 804 M506 556 Q472 680 506 804', a.base, 22),
  shadow: { rx: 300 },
});

const mug: Draw = (p, a) => ({
  svg:
    line('M520 560 Q640 550 636 650 Q630 740 514 730', p.dark, 30) +
    round('M240 480 Q246 720 262 770 Q270 804 320 804 L474 804 Q524 804 532 770 Q548 720 554 480Z', p.base) +
    oval(397, 482, 157, 34, STEEL.light) +
    oval(397, 488, 140, 26, '#4a2f22') +
    path('M248 560 Q397 592 550 560 L549 580 Q397 612 249 580Z', p.light) +
    path('M330 690 L372 632 L396 664 L420 628 L470 690Z', a.pale) +
    line(
      'M350 430 Q330 390 356 356 Q380 320 358 286 M430 430 Q410 390 436 356 Q460 320 438 286',
      '#fffdf6',
      11,
      ' opacity=".75"',
    ),
  shadow: { rx: 210, y: 802 },
});

const bottle: Draw = (p, a, o) => ({
  svg: scaled(
    round(
      'M300 440 Q300 366 350 344 L450 344 Q500 366 500 440 L500 762 Q498 804 456 804 L344 804 Q302 804 300 762Z',
      p.base,
    ) +
      roundRect(346, 300, 108, 52, 8, STEEL.base) +
      roundRect(334, 236, 132, 76, 18, RUBBER.base) +
      (o.shape === 'flask'
        ? line('M466 262 Q540 262 536 330', RUBBER.base, 16)
        : line('M366 236 Q400 180 434 236', a.base, 15)) +
      path('M300 700 L500 700 L500 726 L300 726Z', a.base) +
      line('M366 560 L400 512 L440 590', p.pale, 11),
    o.scale ?? 1,
  ),
  shadow: { rx: 150, y: 802 },
});

const pot: Draw = (p, a) => ({
  svg:
    line('M226 640 Q130 630 96 600', RUBBER.base, 22) +
    line('M220 566 Q240 380 400 376 Q560 380 580 566', STEEL.dark, 9) +
    round('M214 560 L226 760 Q230 802 280 804 L520 804 Q570 802 574 760 L586 560Z', p.base) +
    oval(400, 560, 186, 36, p.dark) +
    path('M214 552 Q226 506 400 500 Q574 506 586 552 Q400 600 214 552Z', p.light) +
    roundRect(374, 474, 52, 36, 14, a.base) +
    rect(340, 650, 120, 10, 5, p.light) +
    rect(340, 684, 84, 10, 5, p.light),
  shadow: { rx: 250 },
});

const stove: Draw = (p, a) => ({
  svg:
    path('M372 402 Q336 340 384 288 Q380 340 412 352 Q404 316 430 292 Q462 352 428 402Z', '#f29b38') +
    path('M386 402 Q372 366 400 340 Q428 370 414 402Z', '#ffe1a1') +
    line('M288 410 L350 452 M512 410 L450 452 M400 404 L400 450', STEEL.dark, 15) +
    roundRect(336, 410, 128, 38, 14, STEEL.base) +
    roundRect(376, 446, 48, 96, 8, a.base) +
    line('M424 500 L500 500 M500 476 L500 524', RUBBER.base, 13) +
    round(
      'M266 610 Q270 548 400 540 Q530 548 534 610 L534 764 Q530 804 490 804 L310 804 Q270 804 266 764Z',
      p.base,
    ) +
    path('M266 640 L534 640 L534 730 L266 730Z', p.pale) +
    line('M346 706 L392 660 L420 690 L440 672 L462 706', p.base, 9),
  shadow: { rx: 190, y: 802 },
});

const boot: Draw = (p, a, o) => {
  const low = o.shape === 'low';
  const shaft = low
    ? 'M180 600 Q176 560 220 556 L356 548 Q392 620 520 650 Q640 672 652 742 L176 742Z'
    : 'M196 400 Q200 372 232 372 L372 372 Q392 372 394 396 L402 520 Q430 614 548 640 Q646 664 652 742 L184 742Z';
  const y = low ? 190 : 0;
  return {
    svg:
      round(shaft, p.base) +
      (low ? '' : roundRect(190, 352, 212, 44, 22, p.dark)) +
      path('M548 640 Q646 664 652 742 L500 742 Q500 672 548 640Z', p.dark) +
      path('M184 742 Q188 660 250 650 Q330 660 340 742Z', p.dark) +
      (low
        ? line('M352 582 L408 562 M376 610 L430 588 M406 634 L456 610', a.light, 11)
        : line(
            'M322 430 L402 424 M326 476 L408 468 M336 524 L420 508 M356 572 L438 548 M390 612 L468 586',
            a.light,
            11,
          )) +
      path(
        `M${low ? '220 556' : '232 372'} L${low ? '300 552' : '300 372'} Q${low ? '312 640 340 700' : '300 560 344 700'} L300 742 L250 742 Q216 ${500 + y / 3} ${low ? '220 556' : '232 372'}Z`,
        p.light,
        ' opacity=".55"',
      ) +
      path('M168 736 L660 736 Q676 760 664 778 L168 778 Q158 756 168 736Z', '#e9e2d2') +
      path(
        'M162 772 L668 772 L660 804 L612 804 L604 792 L560 792 L552 804 L500 804 L492 792 L448 792 L440 804 L388 804 L380 792 L300 792 L292 804 L180 804Z',
        RUBBER.base,
      ),
    shadow: { x: 412, rx: 300 },
  };
};

const lantern: Draw = (p, a) => ({
  svg:
    oval(400, 560, 330, 330, 'url(#g)') +
    line('M270 400 Q270 220 400 216 Q530 220 530 400', STEEL.dark, 11) +
    round('M312 330 L488 330 L524 410 L276 410Z', p.base) +
    roundRect(348, 296, 104, 42, 12, p.dark) +
    path('M290 410 L510 410 L500 690 L300 690Z', '#fff1c9') +
    path('M356 470 L444 470 L436 690 L364 690Z', '#ffd778') +
    path('M290 410 L326 410 L332 690 L300 690Z', '#fffaf0') +
    line('M296 470 L504 470 M300 630 L500 630', p.dark, 7) +
    round('M268 690 L532 690 L548 770 Q550 804 516 804 L284 804 Q250 804 252 770Z', p.base) +
    dot(400, 748, 22, a.base) +
    dot(394, 742, 8, a.pale),
  shadow: { rx: 210, y: 802 },
});

const headlamp: Draw = (p, a) => ({
  svg:
    oval(400, 640, 270, 270, 'url(#g)') +
    path('M150 620 Q150 400 400 396 Q650 400 650 620 L606 630 Q600 446 400 442 Q200 446 194 630Z', a.base) +
    path('M150 620 Q160 520 220 460 L252 492 Q200 540 194 630Z', a.dark) +
    line('M240 470 L270 500 M560 470 L530 500', a.pale, 7) +
    round(
      'M262 560 Q266 520 310 516 L490 516 Q534 520 538 560 L538 700 Q534 760 480 762 L320 762 Q266 760 262 700Z',
      p.base,
    ) +
    dot(400, 640, 84, p.deep) +
    dot(400, 640, 66, '#fff3cf') +
    dot(400, 640, 36, '#ffd778') +
    dot(382, 618, 16, '#fffdf6') +
    rect(372, 504, 56, 20, 8, a.base),
  shadow: { rx: 220, y: 806 },
});

const jacket: Draw = (p, a, o) => ({
  svg:
    round('M250 330 Q160 360 128 470 L92 730 Q110 760 168 758 L236 520Z', p.dark) +
    round('M550 330 Q640 360 672 470 L708 730 Q690 760 632 758 L564 520Z', p.dark) +
    round(
      'M250 330 Q330 300 400 304 Q470 300 550 330 Q584 520 570 790 Q400 824 230 790 Q216 520 250 330Z',
      p.base,
    ) +
    (o.shape === 'down'
      ? line(
          'M236 430 Q400 462 564 430 M228 520 Q400 552 572 520 M226 610 Q400 642 574 610 M228 700 Q400 732 572 700 M130 500 L232 540 M112 600 L200 640 M670 500 L568 540 M688 600 L600 640',
          p.dark,
          7,
        )
      : path('M250 330 Q330 300 400 304 Q470 300 550 330 L562 440 Q400 476 238 440Z', a.base) +
        line('M268 640 L330 600 M532 640 L470 600', p.deep, 9)) +
    path('M300 326 Q310 218 400 212 Q490 218 500 326 Q400 372 300 326Z', p.dark) +
    path('M334 322 Q340 260 400 256 Q460 260 466 322 Q400 350 334 322Z', p.deep) +
    line('M400 346 L400 802', p.deep, 7) +
    rect(391, 372, 18, 36, 6, a.light) +
    rect(456, 474, 62, 34, 6, a.base),
  shadow: { rx: 240, y: 812 },
});

const trousers: Draw = (p, a) => ({
  svg:
    round(
      'M270 250 L530 250 Q548 420 590 796 L450 804 Q424 620 400 470 Q376 620 350 804 L210 796 Q252 420 270 250Z',
      p.base,
    ) +
    path('M270 250 L530 250 L534 296 L266 296Z', p.dark) +
    rect(384, 254, 32, 38, 6, a.base) +
    line('M400 296 L400 470', p.deep, 6) +
    line('M290 310 Q300 372 252 400 M510 310 Q500 372 548 400', p.deep, 6) +
    path('M236 560 L330 568 Q330 660 318 684 L222 676Z', p.dark) +
    path('M564 560 L470 568 Q470 660 482 684 L578 676Z', p.dark),
  shadow: { rx: 220, y: 806 },
});

const beanie: Draw = (p, a) => ({
  svg:
    dot(400, 346, 62, a.base) +
    dot(384, 332, 26, a.light) +
    round('M200 660 Q196 390 400 380 Q604 390 600 660Z', p.base) +
    line(
      'M262 640 Q262 470 340 400 M330 640 Q330 470 376 392 M400 640 L400 386 M470 640 Q470 470 424 392 M538 640 Q538 470 460 400',
      p.dark,
      8,
      ' opacity=".6"',
    ) +
    roundRect(180, 630, 440, 130, 34, p.light) +
    line(
      'M232 652 L232 738 M288 652 L288 738 M344 652 L344 738 M400 652 L400 738 M456 652 L456 738 M512 652 L512 738 M568 652 L568 738',
      p.dark,
      7,
      ' opacity=".5"',
    ) +
    rect(482, 668, 84, 54, 8, a.base) +
    line('M504 706 L522 684 L544 706', a.pale, 6),
  shadow: { rx: 240, y: 776 },
});

const socks: Draw = (p, a) => {
  const one =
    round(
      'M250 290 L390 290 L392 560 Q400 610 470 640 Q560 680 556 738 Q552 790 490 796 L330 776 Q254 760 250 690Z',
      p.base,
    ) +
    roundRect(242, 262, 156, 56, 18, a.base) +
    path('M250 640 Q330 650 336 776 L330 776 Q254 760 250 690Z', a.base) +
    path('M470 640 Q560 680 556 738 Q552 790 490 796 L470 794 Q440 720 470 640Z', a.base) +
    line('M252 380 L390 380 M252 412 L390 412', a.light, 12);
  return {
    svg: group(one, 'translate(110 -10) rotate(6 400 600)') + group(one, 'translate(-40 0)'),
    shadow: { rx: 290 },
  };
};

const poles: Draw = (p, a) => {
  const one =
    line('M400 250 L400 760', STEEL.base, 14) +
    line('M400 470 L400 640', p.base, 16) +
    rect(388, 452, 24, 36, 6, a.base) +
    roundRect(382, 190, 36, 122, 17, RUBBER.base) +
    line('M400 200 Q456 230 418 300', a.base, 8) +
    oval(400, 726, 42, 12, RUBBER.base) +
    path('M392 756 L408 756 L402 806 L398 806Z', RUBBER.dark);
  return {
    svg: group(one, 'rotate(9 400 800) translate(70 0)') + group(one, 'rotate(-7 400 800) translate(-70 0)'),
    shadow: { rx: 170, y: 806 },
  };
};

const knife: Draw = (p) => ({
  svg: group(
    path('M320 470 L560 452 Q660 456 704 500 Q640 520 560 516 L330 520Z', STEEL.light) +
      path('M330 500 L704 500 Q640 520 560 516 L330 520Z', STEEL.dark, ' opacity=".5"') +
      round('M110 460 Q90 500 116 540 Q180 556 330 534 L342 456 Q200 440 110 460Z', p.base) +
      dot(170, 500, 10, STEEL.light) +
      dot(286, 496, 10, STEEL.light) +
      roundRect(326, 446, 26, 98, 8, STEEL.base),
    'rotate(-28 400 500) translate(0 120)',
  ),
  shadow: { rx: 230, y: 780 },
});

const axe: Draw = (p, a) => ({
  svg: group(
    round('M386 250 Q380 520 360 800 Q380 822 412 812 Q420 520 420 250Z', WOOD.base) +
      round(
        'M372 262 Q420 250 470 268 Q560 240 600 200 Q640 300 610 420 Q560 366 470 356 Q420 366 372 352Z',
        STEEL.base,
      ) +
      path('M600 200 Q640 300 610 420 Q594 400 580 390 Q604 300 576 222Z', '#eef1f2') +
      path('M362 700 L416 700 L413 760 L362 766Z', a.base) +
      path('M374 262 L372 352 L352 348 L352 268Z', p.base),
    'rotate(18 400 560) translate(-40 0)',
  ),
  shadow: { rx: 180, y: 806, x: 330 },
});

const compass: Draw = (p, a) => ({
  svg:
    line('M400 330 Q300 240 400 200 Q500 240 400 330', a.base, 13) +
    dot(400, 580, 226, p.base) +
    dot(400, 580, 226, 'url(#r)') +
    dot(400, 580, 188, p.deep) +
    dot(400, 580, 174, '#f6f1e4') +
    line('M400 424 L400 448 M400 712 L400 736 M244 580 L268 580 M532 580 L556 580', '#3a3a40', 9) +
    line('M290 470 L304 484 M510 470 L496 484 M290 690 L304 676 M510 690 L496 676', '#8a8578', 6) +
    path('M470 476 L424 604 L376 556Z', '#cf4a33') +
    path('M330 684 L424 604 L376 556Z', '#3f4a55') +
    dot(400, 580, 15, '#d7b36a'),
  shadow: { rx: 220, y: 816 },
});

const chair: Draw = (p, a) => ({
  svg:
    line('M250 800 L520 560 M550 800 L280 560', STEEL.dark, 15) +
    line('M210 800 L300 520 M590 800 L500 520', STEEL.base, 15) +
    round('M232 270 Q400 236 568 270 L560 560 Q400 600 240 560Z', p.base) +
    path('M232 270 Q400 236 568 270 L566 312 Q400 280 234 312Z', a.base) +
    round('M214 556 Q400 520 586 556 L610 640 Q400 690 190 640Z', p.light) +
    line('M190 640 Q400 690 610 640', p.dark, 9),
  shadow: { rx: 260 },
});

/** Product type to its drawing. */
export const OUTDOOR: Readonly<Record<string, Draw>> = {
  tent,
  tarp,
  hammock,
  backpack,
  duffel,
  drybag,
  sleepingBag,
  mat,
  mug,
  bottle,
  pot,
  stove,
  boot,
  lantern,
  headlamp,
  jacket,
  trousers,
  beanie,
  socks,
  poles,
  knife,
  axe,
  compass,
  chair,
};

/** A hillside behind the product: the second picture of each. */
export function hillside(sky: string, far: string, near: string, ground: string): string {
  return (
    rect(0, 0, 800, 1000, 0, sky) +
    dot(590, 270, 92, '#fff8e2') +
    path('M0 560 L140 400 L230 480 L390 290 L560 490 L660 410 L800 540 L800 1000 L0 1000Z', far) +
    path('M390 290 L446 356 L408 372 L380 352 L350 378 L336 354Z', '#fffdf6', ' opacity=".8"') +
    path('M0 660 Q160 560 330 640 Q520 720 800 590 L800 1000 L0 1000Z', near) +
    path(
      'M92 700 l34 -110 l34 110z M56 716 l26 -84 l26 84z M676 680 l32 -104 l32 104z',
      ground,
      ' opacity=".75"',
    ) +
    lit('M0 740 Q300 690 800 750 L800 1000 L0 1000Z', ground)
  );
}
