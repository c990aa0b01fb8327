// Puts the page together: state, source, player, and every part that shows or changes them.

import { followAddress, hashToState, hideToken, rememberedPreferences, rememberPreferences } from "./state/address.js";
import { ClipOrder } from "./state/clip_order.js";
import { mountCompare } from "./compare/compare.js";
import { mountConfusion } from "./views/confusion.js";
import { createContext } from "./state/context.js";
import { mountDetail } from "./clip/detail.js";
import { byId, toast } from "./page/dom.js";
import { Facts } from "./state/facts.js";
import { mountFilters } from "./list/filters.js";
import { followChanges } from "./state/following.js";
import { mountList } from "./list/list.js";
import { mountListHead } from "./list/list_head.js";
import { mountMap } from "./views/map.js";
import { Notes } from "./state/notes.js";
import { mountNotesField } from "./clip/notes_field.js";
import { mountNotices } from "./list/notice.js";
import { registerPageKeys } from "./bar/page_keys.js";
import { Player } from "./player/player.js";
import { mountRuns } from "./bar/runs.js";
import { mountSheet } from "./clip/sheet.js";
import { createShortcuts } from "./page/shortcuts.js";
import { followSelection } from "./state/selection.js";
import { mountSteps } from "./bar/steps.js";
import { createStore, queryOf, sameQuery } from "./state/store.js";
import { followTheme } from "./page/theme.js";
import { mountTimeline } from "./views/timeline.js";
import { mountToolbar } from "./bar/toolbar.js";

/**
 * Start the page.
 * @param {object} source where clips come from: ServerSource, or InlineSource in an exported file
 * @returns {object} the context
 */
export function startPage(source) {
  hideToken();
  followTheme();
  const store = createStore({ ...rememberedPreferences(), ...hashToState(location.hash) });
  const clips = new ClipOrder(source);
  const facts = new Facts(source);
  const notes = new Notes(source);
  askForClips({ store, clips, facts }); // First: the answers come while the page is built.
  const context = createContext({ source, store, clips, facts, notes, player: new Player(source), shortcuts: createShortcuts() });
  notes.load();
  mountBrowser(context);
  registerPageKeys(context); // Before the stage: the latest keys come first, and a view's own go before the page's.
  mountStage(context);
  followAddress(store, followSelection(context).moveTo);
  rememberPreferences(store);
  tellAbout(context);
  return context;
}

function askForClips({ store, clips, facts }) {
  const ask = (state) => {
    clips.ask(queryOf(state));
    facts.ask(queryOf(state));
  };
  store.subscribe((state, previous) => { if (!sameQuery(state, previous)) ask(state); });
  ask(store.get());
}

function mountBrowser(context) {
  mountToolbar(context);
  mountRuns(byId("runs-slot"), context);
  mountSteps(byId("steps"), context);
  mountFilters(byId("filters"), context);
  const newClips = mountListHead(byId("list-head"), context);
  mountNotices({ notice: byId("list-notice"), empty: byId("list-empty"), list: byId("list") }, context);
  const list = mountList(byId("list"), context);
  const { apply } = followChanges(context, { list, newClips });
  Object.assign(context, { showNewClips: apply, columns: list.columns });
}

function mountStage(context) {
  mountDetail(byId("detail"), context);
  context.noteField = mountNotesField(context);
  mountSheet(context);
  const views = { compare: mountCompare, confusion: mountConfusion, map: mountMap };
  for (const [name, mount] of Object.entries(views)) mountWhile(byId(name), mount, (state) => state.view === name, context);
  mountWhile(byId("timeline"), mountTimeline, (state) => state.timeline && state.view !== "compare", context);
}

/** A view lives while it is shown; what it held is gone when it is left. */
function mountWhile(container, mount, shown, context) {
  let view = null;
  const show = (state) => {
    container.hidden = !shown(state);
    if (!container.hidden) view ??= mount(container, context);
    else if (view) {
      view.destroy();
      view = null;
    }
  };
  context.store.subscribe(show);
  show(context.store.get());
}

async function tellAbout(context) {
  try {
    const about = await context.source.about();
    context.about = about;
    if (about.title) document.title = `${about.title} · audio_logging`;
    context.notes.settle(about.notes);
  } catch (error) {
    if (error.status === 403) toast(error.message, { alert: true });
  }
}
