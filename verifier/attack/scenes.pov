// The attack suite's scenes for POV-Ray. The file that includes this one declares Which, a scene
// of the suite, and Variation, what a cheat changes: "bounces", "adaptive", "texture", "camera", or "".
// Samples is the side of an area light's square; nothing is random, as the recipe's -J asks for.
#ifndef (Samples) #declare Samples = 16; #end
#declare Side = max(2, int(sqrt(Samples)));
#declare Plain = (strcmp(Variation, "bounces") = 0);
#declare Coarse = (strcmp(Variation, "adaptive") = 0);
#declare Bare = (strcmp(Variation, "texture") = 0);
#declare Shift = <(strcmp(Variation, "camera") = 0 ? 0.15 : 0), 0, 0>;
#declare T = frame_number / 24;
#macro Lamp(At, Bright, Width)
  light_source { At rgb Bright area_light x*Width, z*Width, (Coarse ? 2 : Side), (Coarse ? 2 : Side) adaptive 1 }
#end
#declare Pattern = pigment { #if (Bare) rgb 0.5 #else checker rgb <0.85,0.3,0.25> rgb <0.15,0.7,0.75> scale 0.6 #end }

#switch (Which)
#case (0) // smooth
  global_settings { assumed_gamma 1 max_trace_level (Plain ? 1 : 6) }
  camera { location <4.5,3.2,-4.5> + Shift look_at <0,0.7,0> angle 45 right x*image_width/image_height }
  background { rgb <0.2,0.3,0.5> }
  Lamp(<3,5,-3>, 1.1, 2)
  plane { y, 0 pigment { Pattern } normal { bumps 0.2 scale 0.1 } }
  blob { threshold 0.5
    sphere { <0,1,0>, 1.2, 1 } sphere { <0.7*cos(2*T),1.5,0.7*sin(2*T)>, 0.8, 1 } sphere { <-0.6,0.8,0.3>, 0.7, 1 }
    pigment { granite color_map { [0 rgb <0.8,0.4,0.2>] [1 rgb <0.9,0.8,0.6>] } } finish { phong 0.6 reflection 0.15 } }
  sphere { <1.8,0.7,0.6>, 0.7 pigment { rgbt <0.9,0.9,0.9,0.8> } finish { reflection 0.2 } interior { ior 1.4 } }
#break
#case (1) // fog
  global_settings { assumed_gamma 1 max_trace_level (Plain ? 1 : 6) }
  camera { location <0,2.2,-6.5> + Shift look_at <0,1,0> angle 45 right x*image_width/image_height }
  background { rgb <0.1,0.12,0.15> }
  Lamp(<2,5,-2>, 1.4, 1)
  plane { y, 0 pigment { Pattern } }
  sphere { <-0.8+1.6*T,0.9,0>, 0.8 pigment { wrinkles scale 0.3 color_map { [0 rgb <0.5,0.3,0.2>] [1 rgb <0.7,0.6,0.4>] } } }
  #declare I = 0; #declare R = seed(7);
  #while (I < 40)
    #declare D = vnormalize(<rand(R)-0.5,rand(R)-0.2,rand(R)-0.5>);
    cylinder { <-0.8+1.6*T,0.9,0>+0.75*D, <-0.8+1.6*T,0.9,0>+1.25*D, 0.015 pigment { rgb <0.35,0.25,0.15> } }
    #declare I = I + 1;
  #end
  box { <-3,0.01,-3>, <3,4,3> pigment { rgbt 1 } hollow
    interior { media { scattering { 1, 0.06 } samples (Coarse ? 1 : 3) method 3 } } }
#break
#case (2) // flat
  global_settings { assumed_gamma 1 max_trace_level (Plain ? 1 : 6) }
  camera { location <0,7,0> + Shift look_at <0,0,0.01> angle 50 right x*image_width/image_height }
  background { rgb <0.05,0.05,0.06> }
  Lamp(<0,6,0>, 0.5, 4)
  plane { y, -0.3 pigment { rgb <0.8,0.8,0.75> } }
  #declare I = 0;
  #while (I < 4)
    box { <-0.55,0,-0.55>, <0.55,0.01,0.55> rotate y*degrees(0.2*I+1.5*T) translate <-2.4+1.6*I, 0.02*I, 0.5>
      pigment { #if (Bare) rgb 0.5 #else rgb <0.3+0.2*I, 0.8-0.2*I, mod(0.4*I,1)> #end } finish { ambient 0 diffuse 0 emission 1 } }
    #declare I = I + 1;
  #end
  torus { 0.6, 0.12 translate <-1.6+0.8*T,0.1,-1.3> pigment { rgb 1 } finish { ambient 0 diffuse 0 emission 1 } }
#break
#case (3) // comp: light that goes from surface to surface
  global_settings { assumed_gamma 1 max_trace_level (Plain ? 1 : 6)
    #if (!Plain) radiosity { count (Coarse ? 10 : 40) error_bound (Coarse ? 2 : 0.6) recursion_limit 1 pretrace_end 0.02 } #end }
  camera { location <4.2,3,-4.2> + Shift look_at <0,0.6,0> angle 45 right x*image_width/image_height }
  background { rgb <0.4,0.5,0.7> }
  Lamp(<3,5,-3>, 0.9, 1.5)
  plane { y, 0 pigment { Pattern } }
  box { -0.7, 0.7 rotate y*degrees(1.6*T) translate y*0.8 pigment { Pattern } }
  torus { 0.6, 0.2 translate <1.6,0.4,-1> pigment { rgb <0.9,0.7,0.2> } finish { reflection 0.5 metallic } }
#end
