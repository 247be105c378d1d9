// The voice: what is to be said, through the browser's own speech. The screen says the same in writing, so where there
// is no voice nothing is missing but the sound.

const RATE = 0.8; // slower than people talk: many who listen are old
const SETTLE_MS = 150; // guidance that is gone again at once is not worth a syllable, and Chromium loses what comes with a cancel

/** `say(text, lang)` and `hush()`. The newest words end those before them: nothing ever waits its turn. */
export function voice(on) {
  const synth = on ? window.speechSynthesis : null;
  if (!synth || !window.SpeechSynthesisUtterance) return { say() {}, hush() {} };
  let coming = 0;
  let spoken = null; // held: Chromium forgets an utterance that nobody holds, in the middle of a word

  const speak = (text, lang) => {
    const speaker = speakerOf(synth.getVoices(), lang);
    if (speaker === null) return;
    spoken = new SpeechSynthesisUtterance(text);
    Object.assign(spoken, { lang, rate: RATE }, speaker && { voice: speaker });
    synth.speak(spoken);
  };
  const hush = () => {
    clearTimeout(coming);
    synth.cancel();
  };
  synth.getVoices(); // browsers begin to look for voices when they are first asked
  return {
    say(text, lang) {
      hush();
      coming = setTimeout(speak, SETTLE_MS, text, lang);
    },
    hush,
  };
}

// What voices call the languages: Android writes zh_CN, espeak cmn. Not Cantonese, and not the reader of pinyin.
const SPEAKS = { "zh-CN": /^zh([-_](CN|Hans)\b.*)?$|^cmn([-_]CN)?$/i, en: /^en\b|^en_/i };

/** Who speaks this language on this machine; null: nobody here does; undefined: the browser does not tell, let it try.
    Never a voice that lives elsewhere: nothing leaves the terminal, and it speaks without a network too. */
function speakerOf(voices, lang) {
  if (!voices.length) return undefined;
  return voices.find((one) => one.localService && SPEAKS[lang].test(one.lang)) ?? null;
}
