// Keeps account of what is heard: runs in the page before its own scripts, and changes nothing that they can notice.
(() => {
  const heard = (window.heard = []);
  const watched = new WeakSet();
  const now = () => performance.timeOrigin + performance.now();
  const note = (element, type) =>
    heard.push({
      type,
      src: element.currentSrc || element.src,
      duration: element.duration,
      at: element.currentTime,
      rate: element.playbackRate,
      volume: element.muted ? 0 : element.volume,
      time: now(),
    });
  const watch = (element) => {
    if (watched.has(element)) return;
    watched.add(element);
    window.sounding = element;
    for (const type of ["playing", "pause", "ended", "seeked", "error"])
      element.addEventListener(type, () => note(element, type));
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    watch(this);
    window.sounding = this;
    return play.call(this);
  };
  const start = AudioBufferSourceNode.prototype.start;
  window.started = [];
  AudioBufferSourceNode.prototype.start = function (...times) {
    window.started.push({ times, duration: this.buffer ? this.buffer.duration : null, loop: this.loop, time: now() });
    return start.apply(this, times);
  };
  // What goes to the speakers also goes to an analyser, so that a test can ask which pitches are heard.
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    const live = this.context instanceof AudioContext;
    if (live && target === this.context.destination) {
      const ear = this.context.createAnalyser();
      ear.fftSize = 8192;
      ear.smoothingTimeConstant = 0;
      connect.call(this, ear, ...rest.slice(0, 1));
      window.ears = [...(window.ears || []), ear];
    }
    return connect.call(this, target, ...rest);
  };
  window.loudest = () =>
    (window.ears || []).map((ear) => {
      const levels = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(levels);
      const at = levels.indexOf(Math.max(...levels));
      return { pitch: (at * ear.context.sampleRate) / ear.fftSize, level: levels[at] };
    });
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
  );
})();
