//! The vocabulary of notes, for the report and the alerts alike: lists, no logic.
//!
//! A line is what its words and phrases are, and the words, with commas between them. An entry of several words
//! counts as one word wherever it stands whole; the longest entry wins. Entries of [`INFLECTED`] also stand with a
//! feminine or plural ending (`e`, `s`, `es`). Accents, case and hyphens do not matter.

use super::role::*;

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Problem {
    /// The cover is off.
    Housse,
    /// The system has no power.
    Alimentation,
    /// The tank is empty or missing.
    Reservoir,
    /// The room is too dry, too humid, too cold, or open.
    Environnement,
}

impl Problem {
    /// All of them.
    pub const ALL: [Problem; 4] =
        [Problem::Housse, Problem::Alimentation, Problem::Reservoir, Problem::Environnement];

    /// The name in `humidity_alerts.alert_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Problem::Housse => "housse",
            Problem::Alimentation => "alimentation",
            Problem::Reservoir => "reservoir",
            Problem::Environnement => "environnement",
        }
    }
}

/// Words that may carry a feminine or plural ending.
pub(super) const INFLECTED: &[(Roles, &str)] = &[
    // Things of the humidity system and its surroundings.
    (COVER, "housse, cover, couvercle, couverture, couvre piano, string cover"),
    (
        TANK,
        "réservoir, reservoir, tank, réserv, resevoir, reservoire, réservoire, water tank, bac, bac à eau, bac d eau",
    ),
    (
        POWER,
        "pls, pl, player, dampp chaser, damp chaser, dampchaser, damppchaser, dampp, système, system, \
         prise, plug, cordon, cord, câble, cable, humidificateur, humidifier, déshumidificateur, \
         dehumidifier, appareil, unité, unit, humidistat, adaptateur, adapter, transfo, transformateur, \
         transformer, alimentation, power, power cord, power supply, power bar, outlet, multiprise, barre \
         chauffante, heater bar, dehumidifier bar, piano life saver, life saver, lifesaver, fil, wire, \
         disklavier",
    ),
    (CORD, "rallonge, extension cord"),
    (WINDOW, "fenêtre, window"),
    (TEMPERATURE, "température, temperature, temprature, temperture"),
    (ENVIRONMENT, "chauffage, ventilation, heating"),
    (PIANO, "piano"),
    (
        ROOM,
        "local, locaux, salle, pièce, chambre, room, studio, bureau, office, classe, class, classroom, \
         auditorium, théâtre, theater, theatre, scène, stage, hall, foyer, loge, maison, house, home, sous \
         sol, basement, église, church, chapelle, chapel, école, school, appartement, apartment, appart, \
         bâtiment, building, salon, living room, corridor, entrepôt, étage, floor, air, climat, climate, \
         ambiance, environnement, environment, endroit, place, atelier, workshop, gymnase, gym, \
         bibliothèque, library",
    ),
    (
        OTHER,
        "pédale, pedal, pédalier, lyre, tringle, tige, rod, trapwork, lampe, lamp, lumière, light, ampoule, \
         bulb, micro, microphone, mic, haut parleur, speaker, ampli, amplifier, clavier, keyboard, midi, \
         ordinateur, computer, écran, screen, téléphone, phone, radio, chargeur, charger, projecteur, \
         projector, télé, tv, télévision, casque, headphone, ventilateur, fan, aspirateur, vacuum, \
         chaufferette, calorifère, radiateur, radiator, thermostat, alarme, alarm, caméra, camera, \
         imprimante, printer, corde, string, feutre, felt, marteau, marteaux, hammer, étouffoir, damper, \
         cheville, pin, touche, key, note, mécanique, mécanisme, chevalet, bridge, table d harmonie, \
         soundboard, cadre, plaque, plate, sillet, banc, bench, siège, seat, tabouret, pupitre, roulette, \
         caster, wheel, serrure, lock, charnière, hinge, vis, screw, ressort, spring, bois, wood, colle, \
         glue, vernis, finition, finish, meuble, cabinet, porte, door, rideau, tapis, rug, carpet, ivoire, \
         sommier, pinblock, bobine, tone, toucher, bouteille, bottle, gobelet, tasse, cup, formulaire, \
         form, fiche, paysage, wifi, internet, pâte, pad, mèche, wick, poubelle, bin, camion, truck, \
         voiture, couvercle du réservoir, couvercle de réservoir, tank cover, tank lid, bourdonnement, \
         buzz, moteur, motor, sonorité, timbre, son trop, son très, cover charge, bac de recyclage, recycling bin",
    ),
    // States.
    (REMOVED, "enlevé, retiré, ôté, removed, tombé, taken off, pulled off, fell off, fallen off, left off"),
    (GONE, "manquant, manque, absent, disparu, perdu, volé, missing, gone, lost, stolen"),
    (UNPLUGGED, "débranché, déconnecté, unplugged, disconnected, déplugé, dépluggé"),
    (DEAD, "éteint"),
    (POWERED, "branché, plugged, connecté, connected, plugé, pluggé"),
    (
        WORKS,
        "fonctionné, fonctionne, fonctionnent, marché, marchent, works, work, working, functioning, allumé, \
         powered, turned on, switched on, running",
    ),
    (EMPTY, "vide, vidé, empty, emptied"),
    (OPEN, "ouvert, open, opened, entrouvert, entr ouvert"),
    (
        LEVEL,
        "haut, élevé, anormal, anormaux, faible, low, lower, high, higher, abnormal, excessive, excessif, \
         insuffisant, trop, too",
    ),
    (PROBLEM, "problème, problem, issue, souci, trouble"),
    (FIXED, "corrigé, fixed, résolu, resolved"),
    (
        PUT_BACK,
        "replacé, remis, replaced, repositionné, repositioned, installé, installed, réinstallé, \
         reinstalled, reposé",
    ),
    (REPOWERED, "rebranché, reconnecté, reconnected, replugé, repluggé, replugged"),
    (FILLED, "rempli, filled, refilled, topped up, filled up, rerempli"),
    (CLOSED, "fermé, refermé, closed, shut"),
    (NORMAL, "normal, normaux, correct, ok, okay"),
    (NEEDED, "nécessaire, requis, needed, required, necessary"),
    // What owns a percentage or degrees.
    (
        FOREIGN,
        "rabais, escompte, discount, réduction, reduction, solde, taxe, tax, tps, tvq, tvh, gst, qst, pst, \
         hst, dépôt, deposit, acompte, pourboire, tip, commission, intérêt, interest, prix, price, facture, \
         invoice, surcharge, frais, fee, usure, usé, wear, worn, batterie, battery, pile, tension, charge, \
         chargé, charged, volume, progression, progress, terminé, complété, complete, completed, done, \
         certain, sure, garantie, warranty, profit, marge, margin, capacité, capacity, vitesse, speed, \
         puissance, luminosité, brightness, eau, water, alcool, alcohol, coton, cotton, laine, wool, \
         probabilité, chance, remboursement, refund, hausse de prix, augmentation de prix, satisfaction, \
         satisfait, satisfied",
    ),
    (FOREIGN | PUT_BACK, "remise"),
    (
        NOT_AIR,
        "angle, rotation, inclinaison, pente, tilt, slope, four, oven, fer, iron, congélateur, freezer, \
         frigo, fridge, réfrigérateur, eau, water, colle, glue",
    ),
    (OUTSIDE, "dehors, extérieur, exterieur, outside, outdoor, outdoors, météo, weather"),
    (
        CHANGE,
        "baisse, baissé, hausse, monte, monté, remonté, augmenté, augmente, augmentation, diminué, diminue, \
         diminution, descendu, descend, redescendu, chute, chuté, gagné, perd, réduit, variation, écart, \
         différence, difference, drop, dropped, fell, fallen, rise, rose, risen, increase, increased, \
         decrease, decreased, gain, gained, raised, lowered, swing, perdu, lost, tombé, climbed, went up, \
         went down, is up, is down, up by, down by, up from, down from, grimpé",
    ),
    (
        AIM,
        "cible, target, objectif, goal, idéal, idéalement, ideal, ideally, recommandé, recommande, \
         recommandation, recommended, recommend, recommendation, souhaité, souhaitable, desired, visé, \
         conseillé, suggéré, suggested, garder, gardez, keep, keeping, maintenir, maintenez, maintain, \
         conserver, viser, visez, consigne, setpoint, minimum, maximum, min, max, limite, limit, seuil, \
         threshold, norme, acceptable, plage, range, tolérance, tolerance, optimal, optimum",
    ),
    (POWER | DEVICE, "système, system, humidistat, humidificateur, humidifier, appareil"),
    (DEVICE, "contrôle, contrôleur, control, controller, sensor, capteur, kit"),
];

/// Words and phrases that stand as they are.
pub(super) const WORDS: &[(Roles, &str)] = &[
    // The humidity.
    (
        HUMIDITY,
        "humidité, humidity, humidit, hum, hr, rh, humidte, humidty, humdity, humidié, humité, umidité, \
         humiditée, humidite relative, relative humidity, taux d humidité, taux d humidite, humidities, \
         humidités, hygrométrie",
    ),
    (GAUGE, "hygro, hygromètre, hygrometre, hygrometer, hygrometry, thermo hygromètre"),
    (ABBREVIATION | SMALL, "rel, env, approx, moy, avg, ca"),
    (ABBREVIATION | HUMIDITY, "hum"),
    (ABBREVIATION | TEMPERATURE, "temp, tmp"),
    (ABBREVIATION | TANK, "rés, réserv"),
    (ABBREVIATION | POWER, "syst"),
    (ABBREVIATION | AIM, "min, max"),
    (ABBREVIATION | ROOM, "loc, appt, apt"),
    // Power.
    (
        DEAD,
        "ne fonctionne, ne fonctionne pas, ne fonctionne plus, fonctionne pas, fonctionne plus, ne marche \
         pas, ne marche plus, marche pas, marche plus, hors tension, hors service, hors d usage, sans \
         courant, pas de courant, plus de courant, no power, no electricity, powered off, turned off, \
         switched off, ne s allume pas, ne s allume plus, n allume plus, won t turn on, out of order, en \
         panne",
    ),
    (OFF | FOREIGN, "off"),
    (
        POWERED | REPOWERED,
        "plugged in, plugged back, plugged back in, plugged it back in, plugged it in, a été branché, été \
         branché, est branché maintenant, maintenant branché, branché à nouveau, branché de nouveau, à \
         nouveau branché, now plugged in, viens de brancher, viens de rebrancher",
    ),
    (REPOWERED, "turned back on, switched back on, remis en marche, remise en marche, remis le courant"),
    // The tank.
    (
        EMPTY,
        "à sec, dry, sec, manque d eau, plus d eau, pas d eau, sans eau, no water, out of water, besoin d \
         eau, needs water, need water, manque eau",
    ),
    (
        TO_FILL,
        "remplir, à remplir, remplissez, fill, refill, to fill, to refill, to be filled, to be refilled, \
         needs filling, needs refilling, needs refill, need filling, need refilling, top up, fill up, à \
         rerempli, reremplir",
    ),
    (
        FILLED,
        "viens de remplir, vient de remplir, venons de remplir, just filled, fait le plein, ajouté de l \
         eau, eau ajoutée, added water, water added, mis de l eau, remis de l eau, put water",
    ),
    (
        FILLED | TANK,
        "réservoir plein, réservoirs pleins, réservoir est plein, réservoirs sont pleins, tank full, full \
         tank, tanks full, tank is full, tanks are full, reservoir full, reservoir is full",
    ),
    // Fixed names with a word of state in them.
    (
        SMALL,
        "fill tube, fill kit, fill hose, watering tube, no power problem, no power issue, no power issues, \
         no power problems, low water light",
    ),
    (ENVIRONMENT, "conditions inadéquates, inadequate conditions"),
    // The cover.
    (
        REMOVED,
        "pas là, plus là, pas en place, plus en place, pas sur le piano, plus sur le piano, pas sur piano, \
         not on the piano, not on piano, not on it, not in place, not there, par terre, au sol, à terre, on \
         the floor, on the ground, took off, took it off, wasn t on, isn t on, pas mise, est partie",
    ),
    (
        PUT_BACK,
        "put it back, put them back, put it back on, put back, put back on, putting back, en place, in \
         place, back in place, back on, viens de replacer, viens de remettre",
    ),
    (PUT_BACK | COVER, "put the cover back, put cover back, put the cover back on, put its cover back"),
    (REMOVED | COVER, "took the cover off, took cover off"),
    (PUT_BACK | TANK, "put the tank back, put the reservoir back"),
    (
        REPOWERED | POWER,
        "plugged the system back in, plugged the pls back in, plugged the unit back in, plugged the player \
         back in, plugged the dampp chaser back in, plugged the humidifier back in, plugged the system in, \
         plugged the pls in, plugged the unit in, plugged the dampp chaser in, plugged system back in, \
         plugged pls back in, plugged unit back in, plugged dampp chaser back in, turned the system back \
         on, turned the pls back on",
    ),
    // Forms that stand as they are.
    (LACK, "ni, nor"),
    (POWER, "dc"),
    (GONE, "introuvable, introuvables"),
    (OFF, "not on"),
    (
        POWERED | REPOWERED,
        "ai branché, a branché, avons branché, branché maintenant, ai connecté, plugged it back \
         ai branché, a branché, avons branché, branché maintenant, ai connecté, plugged it back",
    ),
    (REPOWERED, "re branché, re connecté"),
    (
        CLIMATE,
        "extremely dry, really dry, extremely humid, really humid, extrêmement sec, extrêmement sèche, \
         extrêmement humide, vraiment sec, vraiment sèche, vraiment humide, tellement sec, so dry",
    ),
    // The climate.
    (
        CLIMATE,
        "très humide, trop humide, très humides, trop humides, très sec, trop sec, très secs, trop secs, \
         très sèche, trop sèche, très sèches, trop sèches, trop froid, trop froide, très froid, très \
         froide, trop chaud, trop chaude, très chaud, très chaude, too dry, very dry, too humid, very \
         humid, too damp, very damp, too cold, very cold, too hot, very hot, too warm, air sec, dry air",
    ),
    (
        LEVEL,
        "basse, basses, bas, pas assez, not enough, manque, excès, excess, too much, too low, too high, \
         trop basse, trop basses, trop haute, trop hautes, trop élevée, trop élevées, très basse, très \
         basses, très haute, très hautes, très élevée, très élevées, très faible, trop faible, very low, \
         very high, extrêmement basse, extrêmement élevée, plutôt basse, plutôt élevée, assez basse, assez \
         élevée, un peu basse, un peu élevée, inadéquate, inadéquat",
    ),
    (NORMAL, "back to normal, tout à fait normale, bonne, good"),
    // Negations.
    (
        NEGATION | LACK,
        "pas, sans, without, sans la, sans le, sans sa, sans son, without the, without a, without its, \
         without any, pas une, pas un",
    ),
    (NEGATION | LACK | ANSWER, "aucun, aucune, no, jamais"),
    (NEGATION | ANSWER, "non, none, never, nil, rien, nothing, nullement, personne, nobody, no one"),
    (
        NEGATION,
        "not, ni, nor, neither, cannot, isn, isnt, wasn, wasnt, aren, arent, weren, werent, don t, doesn, \
         doesnt, didn, didnt, hasn, hasnt, haven, havent, hadn, hadnt, couldn, couldnt, wouldn, won t, can \
         t, guère, point de, exempt",
    ),
    (NE, "ne, n"),
    (PLUS, "plus"),
    // Phrases in which a negation denies nothing.
    (
        SMALL,
        "manque pas, ne manque pas, ne manque, sans doute, sans aucun doute, no doubt, pas mal, pas pire, \
         pas seulement, non seulement, not only, pas juste, sans faute, no matter, non plus, rien que, de \
         plus en plus, en plus, no later",
    ),
    // Nothing holds.
    (
        CONDITION | CLAUSE,
        "si, s il, s ils, s elle, if, unless, au cas, in case, en cas, advenant, à moins que, à moins d, \
         supposons, suppose, whether, otherwise, sinon",
    ),
    (CLAUSE, "même si, even if, even though"),
    (
        SMALL,
        "si besoin, si nécessaire, si possible, si requis, au besoin, if needed, if necessary, if required, \
         if possible, s il vous plait, s il te plait, sinon rien, sinon ok, sinon tout",
    ),
    (
        DOUBT,
        "vérifier, vérifiez, revérifier, check if, check that, check whether, check for, to check, verify, \
         make sure, s assurer, assurer, assurez, ensure, éviter, avoid, prévenir, prevent, risque, risk, \
         peut être, peut etre, maybe, perhaps, possibly, possiblement, pourrait, pourraient, could, might, \
         peut, peuvent, demander si, demandé si, ask if",
    ),
    (DOUBT | CLAUSE, "quand, lorsque, lorsqu, when, whenever, dès que, as soon as"),
    (
        INTENT,
        "faut, faudra, faudrait, doit, doivent, devra, devront, devrait, devraient, sera, seront, serait, \
         seraient, soit, va, vais, vont, va être, need to, needs to, need, needs, besoin, to be, should, \
         must, shall, will, ll, would, going to, has to, have to, please, svp, stp, prévoir, prévu, want, \
         wants, veut, voudrait, aimerait, would like, penser à, pourra, aura, auront, ayez, veuillez, merci \
         de, prière de",
    ),
    (SMALL | INTENT, "ne pas oublier, pas oublier, n oubliez pas, n oublie pas, don t forget, do not forget"),
    (SMALL, "tout va bien, va bien, ça va, vont bien, merci"),
    (
        AIM,
        "réglé à, réglée à, réglé sur, règle à, ajusté à, ajustée à, set to, set at, au moins, at least, au \
         plus, at most, pas plus de, no more than, programmé à, calibré à",
    ),
    (
        BOUND,
        "moins de, moins d, moins que, plus que, au lieu de, au lieu d, instead of, rather than, plutôt \
         que, below, above, under, over, sous, au dessus de, au dessus, en dessous de, au dessous de, en \
         dessous, dépasse, dépassé, dépasser, exceeds, exceed, exceeding, supérieur à, supérieure à, \
         inférieur à, inférieure à",
    ),
    (BOUND | MORE, "less than, more than, greater than, lower than, higher than"),
    (BOUND | PLUS, "plus de, plus d"),
    (CHANGE | TO, "up to, down to"),
    (CHANGE, "passe de, passée de, passé de, went from, en baisse, en hausse, en moins, back up, back down"),
    (
        MORE,
        "de plus, de moins, de trop, en trop, en moins, en plus, more, less, higher, lower, warmer, colder, \
         cooler, drier, plus haut, plus bas, plus haute, plus basse, plus élevé, plus élevée, plus chaud, \
         plus froid, plus sec, plus humide, points, supérieur, inférieur, change, drop, increase, decrease, \
         rise, difference, swing, sous la normale, au dessus de la normale, en dessous de la normale, below \
         normal, above normal, d écart, de différence, de variation, de baisse, de hausse",
    ),
    (CHANGE | BETWEEN, "varié de, varie de, varient de, fluctue de, varied from, varies from"),
    (CHANGE, "manque"),
    (AIM, "aim, aim for, aiming for"),
    (ABBREVIATION | OUTSIDE, "ext"),
    (ABBREVIATION | TIME, "int"),
    (MINUS, "moins, minus"),
    // Units.
    (
        PERCENT,
        "pour cent, pourcent, pourcents, pour cents, percent, per cent, percents, pct, pc, p cent, p c, \
         prcent, porcent",
    ),
    (DEGREE, "degré, degrés, degres, degree, degrees, deg, degs, dégré, dégrés, degr"),
    (CELSIUS, "c, celsius, celcius, centigrade, centigrades, degc, oc"),
    (FAHRENHEIT, "f, fahrenheit, farenheit, degf"),
    (LETTER_O, "o"),
    // Grammar.
    (OF, "de, d, des, du, of"),
    (TO, "à, au, aux, to, at, jusqu à, jusqu au, until, till"),
    (BETWEEN, "entre, between"),
    (OR, "ou, or"),
    (AND, "et, and"),
    (
        CLAUSE,
        "mais, but, car, donc, puis, ensuite, then, because, parce que, parce qu, à cause, due to, puisque, \
         puisqu, alors, pendant, while, cependant, pourtant, however, though, although, quoique, tandis \
         que, ainsi que, so, therefore, aussi, also, par contre, except, sauf, malgré, despite, as well as",
    ),
    (
        TIME,
        "arrivée, arrival, arriving, départ, departure, leaving, avant, après, before, after, matin, soir, \
         midi, hier, aujourd hui, today, yesterday, morning, evening, afternoon, noon, maintenant, now, \
         actuellement, présentement, currently, début, fin, start, end, jour, nuit, night, day, visite, \
         visit, janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, \
         décembre, january, february, march, april, may, june, july, august, september, october, november, \
         december, lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche, monday, tuesday, wednesday, \
         thursday, friday, saturday, sunday, hiver, été dernier, winter, summer, semaine, week, mois, \
         month, quand je suis arrivé, when i arrived, when i got there, à mon arrivée, upon arrival, on \
         arrival, lors de ma visite, avant accord, après accord, longtemps, le temps, moyenne, average, \
         intérieur, intérieure, inside, indoor, indoors, dedans",
    ),
    (
        ARTICLE | SMALL,
        "le, la, les, l, un, une, the, an, my, mon, ma, mes, son, sa, ses, its, their, leur, leurs, notre, \
         nos, votre, vos, our, your, his, her, ce, cet, cette, ces, this, that, these, those, any, some, \
         deux, two, another, other, autre, autres",
    ),
    (ARTICLE, "des, du"),
    (FOREIGN, "remise accordée, remise offerte, remise étudiante, une remise, la remise"),
    (
        SMALL,
        "a, all, tout, tous, toute, toutes, both, j, je, i, il, ils, elle, elles, on, nous, we, vous, you, \
         he, she, it, they, ça, ca, cela, c, y, en, se, s, me, m, qui, que, qu, which, who, dont, lui, was, \
         were, est, sont, était, étaient, été, être, est ce, ai, as, ont, avait, avaient, avons, avez, \
         avoir, eu, suis, is, are, be, been, being, am, has, have, had, did, do, does, got, get, fait, \
         faire, reste, restait, resté, restée, left, remains, trouvé, trouvée, trouvés, trouvées, retrouvé, \
         found, vu, vue, seen, saw, noticed, remarqué, constaté, noté, noted, rendu, rendue, reached, \
         atteint, semble, seems, appears, looks, look, indique, affiche, affichait, indiquait, lit, lu, \
         lue, reads, read, reading, lecture, shows, showing, mesuré, mesurée, mesure, mesurés, measured, \
         measure, measurement, measurements, taken, prise en note, relevé, relevée, il y a, y a, there, \
         voici, voilà, t, ve, re, dans, in, into, sur, par, by, pour, for, avec, with, chez, from, depuis, \
         since, environ, autour, around, about, roughly, circa, presque, près, almost, nearly, encore, \
         again, still, toujours, always, déjà, already, bien, well, very, très, vraiment, really, \
         complètement, completely, totalement, totally, partiellement, partly, juste, just, seulement, \
         only, way, far, awfully, terribly, definitely, clearly, nettement, carrément, franchement, clairement, \
         beaucoup, peu, un peu, little, bit, assez, quite, plutôt, rather, extrêmement, extremely, \
         probablement, probably, apparemment, apparently, malheureusement, unfortunately, souvent, often, \
         parfois, sometimes, nouveau, là, ici, here, where, où, comme, même, même temps, ambiant, ambiante, \
         ambient, relative, relatif, relativement, taux, niveau, level, levels, valeur, value, lors, \
         during, durant, vers, ph, non officiel, note que, noter, nb, ps, attention, alerte, alert, état, \
         status, pourquoi, because of me, oui, yes, ok que, accidentellement, accidentally, erreur, error, \
         mistake, quelqu un, someone, somebody, concierge, janitor, client, cliente, customer, staff, prof, \
         professeur, teacher, besoin de rien, pendant que, moi, également, temps, h, fois, time, times, \
         temporairement, temporarily, volontairement, manuellement, correctement, properly, mal, aussi bien",
    ),
];
