// Computes what the server computes elsewhere, from samples that the browser decodes: peaks, and spectrograms by the same formulas.

const FALLBACK_RATE = 48000; // [Hz] where a browser does not decode at the clip's own
const FULL_SCALE = 32767;
const MOST_CHANNELS = 32;
const WINDOW_SECONDS = 0.032;
const SILENCE = 1e-30; // power
const PATIENCE = 12; // [ms] of work before the page may draw
const COLOURS = {
  inferno: "000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c c73e4c dd513a ed6925 f8850f fca50a fac62d f2e661 fcffa4",
  viridis: "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725",
  magma: "000004 0b0924 20114b 3b0f70 57157e 721f81 8c2981 a8327d c43c75 de4968 f1605d fa7f5e fe9f6d febf84 fddea0 fcfdbf",
  grey: "000000 ffffff",
};

/**
 * Decode a clip at its own sample rate.
 * @param {ArrayBuffer} bytes used up
 * @param {{sample_rate?: number, format?: string}} row
 * @returns {Promise<AudioBuffer>}
 */
export async function decodeForAnalysis(bytes, row) {
  let context;
  try { context = new OfflineAudioContext(1, 1, row.sample_rate || FALLBACK_RATE); } catch { context = new OfflineAudioContext(1, 1, FALLBACK_RATE); }
  try {
    return await context.decodeAudioData(bytes);
  } catch {
    throw new Error(`This browser cannot decode the clip (${row.format ?? "unknown format"}).`);
  }
}

/**
 * Peaks of decoded samples: smallest and largest of each bucket.
 * @param {AudioBuffer} buffer
 * @param {{n: number, start?: number, end?: number}} options start, end [s]
 * @returns {{channels: number, n: number, data: Int16Array}}
 */
export function peaksOf(buffer, { n, start, end }) {
  const [first, last] = view(buffer, start, end);
  const channels = Math.min(buffer.numberOfChannels, MOST_CHANNELS);
  const data = new Int16Array(channels * n * 2);
  for (let channel = 0; channel < channels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let bucket = 0; bucket < n; bucket += 1) {
      const from = first + Math.floor((bucket * (last - first)) / n);
      const to = first + Math.floor(((bucket + 1) * (last - first)) / n);
      const [low, high] = extremes(samples, from, Math.max(to, from + 1));
      data[(channel * n + bucket) * 2] = toInt16(low);
      data[(channel * n + bucket) * 2 + 1] = toInt16(high);
    }
  }
  return { channels, n, data };
}

/**
 * Fewer buckets of the same peaks.
 * @param {{channels: number, n: number, data: Int16Array}} peaks
 * @param {number} n
 */
export function reducedPeaks(peaks, n) {
  if (n >= peaks.n) return peaks;
  const data = new Int16Array(peaks.channels * n * 2);
  for (let channel = 0; channel < peaks.channels; channel += 1) {
    for (let bucket = 0; bucket < n; bucket += 1) {
      let low = FULL_SCALE;
      let high = -FULL_SCALE;
      for (let i = Math.floor((bucket * peaks.n) / n); i < Math.ceil(((bucket + 1) * peaks.n) / n); i += 1) {
        low = Math.min(low, peaks.data[(channel * peaks.n + i) * 2]);
        high = Math.max(high, peaks.data[(channel * peaks.n + i) * 2 + 1]);
      }
      data[(channel * n + bucket) * 2] = low;
      data[(channel * n + bucket) * 2 + 1] = high;
    }
  }
  return { channels: peaks.channels, n, data };
}

/**
 * A spectrogram as a picture. The options are the server's.
 * @param {AudioBuffer} buffer
 * @param {object} options
 * @param {AbortSignal} [signal]
 * @returns {Promise<Blob>} PNG
 */
export async function spectrogramOf(buffer, options, signal) {
  const { scale = "mel", colours = "inferno", width = 800, height = 200, start, end, channel = "mix", floor = -80, normalise = false, window: wanted } = options;
  if (channel !== "mix" && channel >= buffer.numberOfChannels) throw new Error(`The clip has ${buffer.numberOfChannels} channels.`);
  const size = wanted ?? windowSize(buffer);
  const rows = rowsOf(scale, options.rate ?? buffer.sampleRate, buffer.sampleRate, height, size);
  const [first, last] = view(buffer, start, end);
  const given = { buffer, channel, size, rows, signal };
  const levels = await levelsOf({ ...given, first, last, width });
  const whole = last - first === buffer.length;
  const top = normalise ? loudest(whole ? levels : await levelsOf({ ...given, first: 0, last: buffer.length, width: 1 })) : 0;
  return paint(levels, { width, height, floor, top, colours: palette(colours) });
}

/** The first frame and the one behind the last; at least one. */
function view(buffer, start, end) {
  const rate = buffer.sampleRate;
  const first = Math.min(Math.max(Math.round((start ?? 0) * rate), 0), buffer.length - 1);
  const last = Math.min(Math.round((end ?? Infinity) * rate), buffer.length);
  return [first, Math.max(last, first + 1)];
}

function windowSize({ sampleRate, length }) {
  const power = Math.min(Math.round(Math.log2(WINDOW_SECONDS * sampleRate)), Math.floor(Math.log2(length)));
  return 2 ** Math.min(Math.max(power, 6), 13);
}

/** Levels in dB, column by column, the lowest row first. */
async function levelsOf({ buffer, channel, size, rows, signal, first, last, width }) {
  const perColumn = Math.max(1, Math.ceil((2 * (last - first)) / (width * size)));
  const count = perColumn * width;
  const levels = new Float32Array(width * rows.height);
  const power = new Float64Array(size / 2 + 1);
  const transform = createTransform(size);
  const channels = channel === "mix" ? Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i)) : [buffer.getChannelData(channel)];
  let pause = performance.now() + PATIENCE;
  for (let column = 0; column < width; column += 1) {
    power.fill(SILENCE);
    for (let i = column * perColumn; i < (column + 1) * perColumn; i += 1) {
      const middle = Math.floor(((2 * i + 1) * (last - first)) / (2 * count));
      transform(channels, first + middle - size / 2, power);
      if (performance.now() > pause) {
        await breathe();
        signal?.throwIfAborted();
        pause = performance.now() + PATIENCE;
      }
    }
    rows.fill(power, levels, column * rows.height);
  }
  return levels;
}

/**
 * A function that adds the power of one window to `power`, keeping the loudest. A sine of full scale has power 1.
 * The real samples are transformed as half as many complex ones.
 */
function createTransform(size) {
  const half = size / 2;
  const real = new Float64Array(half);
  const imaginary = new Float64Array(half);
  const cosines = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  const shape = Float64Array.from({ length: size }, (_, i) => (2 / size) * (1 - Math.cos((2 * Math.PI * i) / size)));
  const swapped = bitReversed(half);

  return (channels, start, power) => {
    load(channels, start);
    for (let span = 1; span < half; span *= 2) butterflies(span);
    for (let k = 0; k <= half; k += 1) {
      const value = powerAt(k);
      if (value > power[k]) power[k] = value;
    }
  };

  function load(channels, start) {
    for (let i = 0; i < half; i += 1) {
      const place = swapped[i];
      real[place] = sample(channels, start + 2 * i) * shape[2 * i];
      imaginary[place] = sample(channels, start + 2 * i + 1) * shape[2 * i + 1];
    }
  }

  function butterflies(span) {
    const step = half / span; // of the table, whose turn has `size` places
    for (let from = 0; from < half; from += 2 * span) {
      for (let k = 0; k < span; k += 1) {
        const a = from + k;
        const b = a + span;
        const c = cosines[k * step];
        const s = sines[k * step];
        const x = real[b] * c + imaginary[b] * s;
        const y = imaginary[b] * c - real[b] * s;
        real[b] = real[a] - x;
        imaginary[b] = imaginary[a] - y;
        real[a] += x;
        imaginary[a] += y;
      }
    }
  }

  /** The spectrum of the even and of the odd samples, put together. */
  function powerAt(k) {
    if (k === 0 || k === half) return ((real[0] + (k ? -1 : 1) * imaginary[0]) ** 2) / 4; // these have no mirrored twin
    const m = half - k;
    const evenReal = (real[k] + real[m]) / 2;
    const evenImaginary = (imaginary[k] - imaginary[m]) / 2;
    const oddReal = (imaginary[k] + imaginary[m]) / 2;
    const oddImaginary = (real[m] - real[k]) / 2;
    const x = evenReal + oddReal * cosines[k] + oddImaginary * sines[k];
    const y = evenImaginary + oddImaginary * cosines[k] - oddReal * sines[k];
    return x * x + y * y;
  }
}

/** Beyond the ends there is silence. */
function sample(channels, at) {
  let sum = 0;
  for (let i = 0; i < channels.length; i += 1) sum += channels[i][at] || 0;
  return sum / channels.length;
}

function bitReversed(count) {
  const places = new Uint32Array(count);
  for (let i = 1; i < count; i += 1) places[i] = (places[i >> 1] >> 1) | (i & 1 ? count >> 1 : 0);
  return places;
}

/** How the rows of a picture are made of a transform's bins: the loudest in the band, or between the nearest two. */
function rowsOf(scale, rate, bufferRate, height, size) {
  const half = size / 2;
  const edges = Float64Array.from({ length: height + 1 }, (_, row) => (frequency(scale, row / height, rate / 2) * size) / bufferRate);
  const first = edges.map((edge) => Math.min(Math.ceil(edge - 1e-9), half));
  const decibels = new Float64Array(half + 1);

  function fill(power, levels, at) {
    for (let k = 0; k <= half; k += 1) decibels[k] = 10 * Math.log10(power[k]);
    for (let row = 0; row < height; row += 1) levels[at + row] = level(row);
  }

  function level(row) {
    const after = row === height - 1 ? half + 1 : first[row + 1];
    if (first[row] === after) {
      const share = (edges[row] + edges[row + 1]) / 2 - (first[row] - 1);
      return decibels[first[row]] * share + decibels[first[row] - 1] * (1 - share);
    }
    let loudest = decibels[first[row]];
    for (let k = first[row] + 1; k < after; k += 1) if (decibels[k] > loudest) loudest = decibels[k];
    return loudest;
  }

  return { height, fill };
}

function frequency(scale, place, highest) {
  if (place === 1) return highest;
  if (scale === "mel") return 700 * (10 ** (place * Math.log10(1 + highest / 700)) - 1);
  if (scale === "linear") return place * highest;
  const lowest = Math.min(Math.max(20, highest / 1000), highest / 2);
  return lowest * (highest / lowest) ** place;
}

function loudest(levels) {
  let most = -Infinity;
  for (const level of levels) if (level > most) most = level;
  return most;
}

function palette(name) {
  const stops = COLOURS[name].split(" ").map((colour) => [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    return stops[below].map((part, k) => Math.round(part + (stops[below + 1][k] - part) * (place - below)));
  });
}

function paint(levels, { width, height, floor, top, colours }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let x = 0; x < width; x += 1) {
    for (let row = 0; row < height; row += 1) {
      const bright = Math.min(Math.max(1 - (levels[x * height + row] - top) / floor, 0), 1);
      const at = ((height - 1 - row) * width + x) * 4;
      picture.data.set(colours[Math.round(bright * 255)], at);
      picture.data[at + 3] = 255;
    }
  }
  context.putImageData(picture, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not draw the spectrogram."))), "image/png");
  });
}

function extremes(samples, from, to) {
  let low = samples[from];
  let high = low;
  for (let i = from + 1; i < to; i += 1) {
    if (samples[i] < low) low = samples[i];
    else if (samples[i] > high) high = samples[i];
  }
  return [low, high];
}

function toInt16(value) {
  return Math.round(Math.max(-1, Math.min(1, value)) * FULL_SCALE);
}

/** Let the page draw and listen. */
function breathe() {
  return globalThis.scheduler?.yield ? scheduler.yield() : new Promise((resolve) => { setTimeout(resolve); });
}
