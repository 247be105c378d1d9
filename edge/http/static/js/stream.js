// The screens come as server-sent events; presses go back as POST. Both say honestly when they do not work.

const RETRY_MS = 1500;
const SILENCE_MS = 40_000; // the server beats every 15 s

/** Follow the screens for ever. `onShow(show)`, `onSay(key)`, `onLink(up)`. */
export function follow(onShow, onSay, onLink) {
  let source = null;
  let silence = 0;

  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
  };
  const again = () => {
    onLink(false);
    source?.close();
    clearTimeout(silence);
    setTimeout(open, RETRY_MS);
  };
  const open = () => {
    source = new EventSource("/kiosk/events");
    source.addEventListener("show", (message) => {
      alive();
      onLink(true);
      onShow(JSON.parse(message.data));
    });
    source.addEventListener("say", (message) => {
      alive();
      onSay(JSON.parse(message.data).key);
    });
    source.addEventListener("beat", alive); // comments are invisible to a page, so the server beats in both ways
    source.addEventListener("error", again);
    alive();
  };
  open();
}

/** Send a press; false when it did not arrive. */
export async function press(button, value, visit) {
  try {
    const answer = await fetch("/kiosk/press", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ button, value, visit }),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
