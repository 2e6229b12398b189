// What the service's own pages do in the browser; they work without it as well.

(function () {
  for (const button of document.querySelectorAll("button.peek")) {
    const field = document.getElementById(button.dataset.for)
    button.hidden = false
    button.addEventListener("click", () => {
      const shown = field.type === "text"
      field.type = shown ? "password" : "text"
      button.textContent = shown ? button.dataset.show : button.dataset.hide
    })
  }

  // Places: the list of districts follows the province, the list of tambons the district.
  const chain = ["province", "district", "tambon"]
  function refill(select, rows, first) {
    select.replaceChildren(new Option(first, ""), ...rows.map((r) => new Option(r[1], r[0])))
    select.disabled = rows.length === 0
  }
  for (const [i, name] of chain.entries()) {
    const select = document.getElementById(name)
    if (!select || i === chain.length - 1) { continue }
    select.addEventListener("change", async () => {
      for (const below of chain.slice(i + 1)) {
        const list = document.getElementById(below)
        refill(list, [], list.dataset.first)
      }
      if (!select.value) { return }
      const list = document.getElementById(chain[i + 1])
      const answer = await fetch(`/people/areas/${encodeURIComponent(select.value)}?lang=${document.documentElement.lang}`)
      if (answer.ok) { refill(list, await answer.json(), list.dataset.first) }
    })
  }

  // Where somebody is, if they say so.
  const here = document.getElementById("here")
  if (here && navigator.geolocation) {
    here.hidden = false
    here.addEventListener("click", () => {
      const told = document.getElementById("here-told")
      told.textContent = here.dataset.asking
      navigator.geolocation.getCurrentPosition((place) => {
        document.getElementById("lon").value = place.coords.longitude.toFixed(6)
        document.getElementById("lat").value = place.coords.latitude.toFixed(6)
        told.textContent = here.dataset.known
        document.dispatchEvent(new Event("jitasa-here"))
      }, () => { told.textContent = here.dataset.unknown }, {enableHighAccuracy: true, timeout: 15000})
    })
  }
})()
