// Where each row of the list, or each card of the grid, stands; and which places are looked at.

const SIZES = { list: { height: 60, width: Infinity }, grid: { height: 148, width: 172 } }; // [px] width: the least of a card
const OVERSCAN = 3; // lines above and below the visible ones

/** Places of the rows in a scrolled container. */
export class ListGeometry {
  #container;
  columns = 1;
  height = SIZES.list.height;

  constructor(container) {
    this.#container = container;
  }

  /** Measure again: another layout, or another width. @param {"list"|"grid"} layout */
  measure(layout) {
    this.height = SIZES[layout].height;
    this.columns = Math.max(1, Math.floor(this.#container.clientWidth / SIZES[layout].width));
  }

  /** Height of all rows together [px]. */
  total(count) {
    return Math.ceil(count / this.columns) * this.height;
  }

  /** Where a place begins [px]. */
  top(index) {
    return Math.floor(index / this.columns) * this.height;
  }

  /** First and last place in the window, at least in part. */
  visible(count) {
    const { scrollTop, clientHeight } = this.#container;
    const first = Math.floor(scrollTop / this.height) * this.columns;
    const last = Math.ceil((scrollTop + clientHeight) / this.height) * this.columns - 1;
    return { first, last: Math.min(last, count - 1) };
  }

  /** First and last place that are kept on the page. `count` null: unknown, so a window full, to tell that something will come. */
  kept(count) {
    if (count === null) return { first: 0, last: Math.ceil(this.#container.clientHeight / this.height) * this.columns - 1 };
    const { first, last } = this.visible(count);
    const spare = OVERSCAN * this.columns;
    return { first: Math.max(0, Math.min(first, count) - spare), last: Math.min(count - 1, last + spare) };
  }

  /** Scroll as little as brings a place into the window. */
  reveal(index) {
    const top = this.top(index);
    const { scrollTop, clientHeight } = this.#container;
    const margin = parseFloat(getComputedStyle(this.#container).scrollPaddingBottom) || 0; // Under the sheet nothing is seen.
    if (top < scrollTop) this.#container.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight - margin) this.#container.scrollTop = top + this.height - clientHeight + margin;
  }

  /** Put an element to its place. */
  position({ style }, index) {
    const share = 100 / this.columns;
    style.top = `${this.top(index)}px`;
    style.left = `${(index % this.columns) * share}%`;
    style.width = `${share}%`;
    style.height = `${this.height}px`;
  }
}
