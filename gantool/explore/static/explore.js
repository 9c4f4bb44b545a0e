// What the page does: asks for the picture of what is chosen, and shows it. Only the newest wish
// counts: while one is being drawn, those between it and the newest are left out.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const seed = at("seed"), end = at("end"), share = at("share"), play = at("play");
  const moves = [...document.querySelectorAll(".move")];
  const labels = [...document.querySelectorAll("#labels button")];
  let label = "", first = null, painted = null, playing = null;
  let shown = { seed: "0", end: "1" };

  const tell = (text) => {
    at("problem").textContent = text;
    at("problem").hidden = !text;
    if (text) stop();
  };

  const bitmapOf = async (address) => {
    const answer = await fetch(address).catch(() => {
      throw new Error("The server does not answer; was gantool explore ended?");
    });
    if (!answer.ok) throw new Error(await answer.text());
    return createImageBitmap(await answer.blob());
  };

  const newest = (work) => {
    let busy = false, again = false;
    return async () => {
      again = true;
      if (busy) return;
      busy = true;
      while (again) {
        again = false;
        await work().catch((error) => tell(error.message));
      }
      busy = false;
    };
  };

  const wish = () => {
    const query = new URLSearchParams({ seed: seed.value });
    if (label) query.set("label", label);
    if (Number(share.value) > 0) {
      query.set("end", end.value);
      query.set("share", share.value);
    }
    if (moves.some((move) => Number(move.value))) query.set("moves", moves.map((move) => move.value).join());
    return query;
  };

  const captionOf = (query) => {
    const words = [`seed ${query.get("seed")}`];
    if (query.has("end")) words.push(`${Math.round(100 * query.get("share"))} % of the way to seed ${query.get("end")}`);
    if (labels.length) {
      const own = Number(BigInt(query.get("seed")) % BigInt(labels.length - 1));
      words.push(`class ${labels[1 + Number(query.get("label") ?? own)].textContent}`);
    }
    if (query.has("moves")) words.push("moved");
    return words.join(", ");
  };

  const draw = newest(async () => {
    const query = wish(), chosen = { seed: seed.value, end: end.value };
    const bitmap = await bitmapOf(`shown.png?${query}`);
    const canvas = at("shown"), caption = captionOf(query);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    canvas.setAttribute("aria-label", caption);
    at("caption").textContent = caption;
    at("keep-picture").href = `picture.png?${query}`;
    at("keep-latent").href = `latent.npy?${query}`;
    tell("");
    if (first === null || chosen.seed !== shown.seed) first = blockOf(chosen.seed);
    shown = chosen;
    fill();
  });

  const size = BigInt(data.block);
  const blockOf = (text) => BigInt(text) / size * size;

  const cells = Array.from({ length: data.block }, (_, place) => {
    const cell = document.createElement("button"), canvas = document.createElement("canvas");
    cell.type = "button";
    canvas.width = data.width;
    canvas.height = data.height;
    canvas.className = at("shown").className;
    cell.append(canvas);
    cell.addEventListener("click", () => {
      stop();
      (at("choose-end").checked ? end : seed).value = String(first + BigInt(place));
      if (!at("choose-end").checked) share.value = "0";
      draw();
    });
    return cell;
  });
  at("sheet").append(...cells);

  const fill = newest(async () => {
    const now = `${first} ${label}`, start = first;
    if (now !== painted) {
      const bitmap = await bitmapOf(`sheet.png?seed=${first}${label && `&label=${label}`}`);
      cells.forEach((cell, place) => {
        const x = place % data.columns * data.width, y = Math.floor(place / data.columns) * data.height;
        const { width, height } = data;
        cell.firstChild.getContext("2d").drawImage(bitmap, x, y, width, height, 0, 0, width, height);
      });
      painted = now;
    }
    at("range").textContent = `${start} to ${start + size - 1n}`;
    at("earlier").disabled = start === 0n;
    cells.forEach((cell, place) => {
      const number = String(start + BigInt(place));
      cell.setAttribute("aria-label", `seed ${number}`);
      cell.title = `seed ${number}`;
      cell.classList.toggle("chosen", number === shown.seed);
      cell.classList.toggle("end", number === shown.end && number !== shown.seed);
    });
  });

  const stop = () => { playing = null; play.textContent = "▶"; };
  const film = async () => {
    const own = playing = {};
    let last = performance.now(), step = 1 / 3000;
    if (Number(share.value) === 1) share.value = "0";
    for (;;) {
      const now = await new Promise(requestAnimationFrame);
      if (playing !== own) return;
      const to = Number(share.value) + step * Math.max(0, now - last);
      if (to >= 1 || to <= 0 && step < 0) step = -step;
      share.value = String(Math.min(1, Math.max(0, to)));
      last = now;
      await draw();
    }
  };

  const changes = (box) => () => { if (box.value) draw(); };
  seed.addEventListener("input", () => { stop(); share.value = "0"; changes(seed)(); });
  end.addEventListener("input", changes(end));
  share.addEventListener("input", () => { stop(); draw(); });
  play.addEventListener("click", () => {
    if (playing) { stop(); return; }
    play.textContent = "❚❚";
    film();
  });
  at("random").addEventListener("click", () => {
    stop();
    seed.value = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    share.value = "0";
    draw();
  });
  const write = (move) => { move.nextElementSibling.textContent = String(Number(move.value)); };
  moves.forEach((move) => move.addEventListener("input", () => { write(move); draw(); }));
  at("reset")?.addEventListener("click", () => {
    moves.forEach((move) => { move.value = "0"; write(move); });
    draw();
  });
  labels.forEach((button) => button.addEventListener("click", () => {
    label = button.dataset.label;
    labels.forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
    draw();
  }));
  at("earlier").addEventListener("click", () => { if (first > 0n) first -= size; fill(); });
  at("later").addEventListener("click", () => { first += size; fill(); });
  draw();
})();
