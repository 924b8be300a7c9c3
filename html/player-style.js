// The player's style sheet. The page around the player can set only `--oriel-stage`.

export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
  :host { display: block; position: relative; overflow: hidden; container-type: size; background: var(--oriel-stage, #0b0c0d);
    aspect-ratio: 16 / 9; color: #fff; font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
  :host([hidden]) { display: none; }
  .stage { position: absolute; inset: 0; overflow: hidden; }
  :host([zoomable]) .stage { touch-action: none; cursor: zoom-in; }
  .picture { position: absolute; left: 50%; top: 50%; display: block; transform-origin: center; transition: filter .25s; }
  .stage:not(.filled) .picture { visibility: hidden; }
  .boxes { overflow: visible; pointer-events: none; transition: none; }
  .boxes g { pointer-events: auto; transition: opacity .12s; }
  .boxes .box { fill: none; stroke: var(--tone); stroke-width: 2.5px; pointer-events: stroke; }
  .boxes .lit .box { stroke-width: 4px; fill: rgb(255 255 255 / .12); }
  .boxes .dim { opacity: .25; }
  .boxes .label rect { fill: var(--tone); }
  .boxes .label text { fill: #fff; font: 600 13px system-ui, sans-serif; }
  .announcement { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

  .note { position: absolute; inset: 0; display: grid; align-content: center; justify-items: center; gap: 4px; padding: 16px;
    text-align: center; pointer-events: none; text-wrap: balance; }
  .note strong { font-weight: 600; font-size: clamp(13px, 4.4cqmin, max(20px, 1.8vmin)); letter-spacing: -.005em; }
  .note span, .note small { max-width: 46ch; font-size: clamp(12px, 3cqmin, max(15px, 1.4vmin)); color: #e6e7ea; overflow-wrap: anywhere; }
  .note small { font-size: clamp(11px, 2.6cqmin, max(13px, 1.2vmin)); color: #c3c6cc; }
  .note span:empty, .note small:empty { display: none; }
  .note .icon { width: clamp(24px, 12cqmin, max(56px, 5vmin)); aspect-ratio: 1; margin-bottom: 4px; fill: none; stroke: currentColor;
    stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; color: var(--tone); }
  .note[data-state="live"], .note[data-state="paused"], .note[data-state="frozen"] { display: none; }

  .note[data-state="offline"], .note[data-state="unreachable"], .note[data-state="missing"], .note[data-state="busy"],
  .note[data-state="refused"], .note[data-state="failed"] { background: rgb(12 13 15 / .78); }
  .note[data-state="offline"] { --tone: #aeb4be; }
  .note[data-state="unreachable"], .note[data-state="failed"] { --tone: #ff7a6e; }
  .note[data-state="missing"], .note[data-state="busy"], .note[data-state="refused"] { --tone: #e6b455; }
  :host([state="offline"]) .picture { filter: grayscale(1) blur(6px); }
  :host([state="unreachable"]) .picture { filter: grayscale(1) blur(2px); }
  :host([state="missing"]) .picture, :host([state="refused"]) .picture { visibility: hidden; }

  .note[data-state="stalled"] { --tone: #ffb454; background: rgb(12 13 15 / .66); }
  :host([state="stalled"]) .picture { filter: grayscale(.8); }

  .note[data-state="late"] { inset: 12px auto auto 12px; grid-template-columns: auto auto auto; align-items: center; gap: 8px;
    padding: 5px 12px 5px 8px; border-radius: 99px; background: #ffc266; color: #241500; text-align: left; }
  .note[data-state="late"] .icon { width: 18px; margin: 0; color: inherit; stroke-width: 2; }
  .note[data-state="late"] strong, .note[data-state="late"] span { font-size: 13px; color: inherit; }
  :host([state="late"])::after { content: ""; position: absolute; inset: 0; border: 2px solid #ffc266; pointer-events: none; }

  .note[data-state="connecting"] { inset: auto; left: 50%; top: 50%; translate: -50% -50%; grid-template-columns: auto auto; align-items: center; gap: 10px;
    padding: 8px 16px 8px 12px; border-radius: 99px; background: rgb(12 13 15 / .8); animation: appear .3s .5s both; }
  .note[data-state="connecting"] .icon { width: 20px; margin: 0; color: #fff; stroke-width: 2; animation: turn .9s linear infinite; }
  .note[data-state="connecting"] strong { font-size: 13px; white-space: nowrap; }
  @keyframes turn { to { rotate: 1turn; } }
  @keyframes appear { from { opacity: 0; } }

  @container (max-height: 260px) { .note { padding-bottom: 40px; } }
  @container (max-height: 150px) { .note:not([data-state="late"]) span { display: none; } }
  @media (prefers-reduced-motion: reduce) {
    .picture { transition: none; }
    .note[data-state="connecting"] { animation: none; }
    .note[data-state="connecting"] .icon { animation-duration: 4s; }
  }
`);
