// Plays one clip after the other, with a short silence between them, until somebody does something else.

const GAP = 200; // [ms]

/**
 * @param {object} context
 * @param {(playing: boolean) => void} tell
 * @returns {{playing: boolean, start: (rows: object[]) => void, stop: () => void}}
 */
export function createPlayThrough({ player, store, source, select }, tell) {
  let queue = [];
  let mine = null; // id of the clip that is to be heard
  let timer = 0;
  let turning = false; // The clip came to its end, so the pause is ours.

  const stop = () => {
    clearTimeout(timer);
    if (mine === null) return;
    mine = null;
    queue = [];
    tell(false);
  };
  const next = () => {
    const row = queue.shift();
    if (!row) return stop();
    mine = row.id;
    select(row, { play: true });
    if (queue.length) source.prefetch?.(queue[0]);
  };
  const turn = () => {
    if (mine === null || player.row?.id !== mine) return;
    turning = true;
    timer = setTimeout(next, GAP);
  };
  const loaded = () => {
    turning = false;
    if (mine !== null && player.row?.id !== mine) stop();
  };
  const paused = () => queueMicrotask(() => { if (!turning) stop(); }); // "ended" comes right behind "pause".
  const listeners = { load: loaded, pause: paused, ended: turn, error: turn };
  for (const [type, run] of Object.entries(listeners)) player.addEventListener(type, run);

  return {
    get playing() {
      return mine !== null;
    },
    start: (rows) => {
      stop();
      store.set({ loop: false });
      queue = [...rows];
      next();
      tell(true);
    },
    stop,
    destroy: () => {
      stop();
      for (const [type, run] of Object.entries(listeners)) player.removeEventListener(type, run);
    },
  };
}
